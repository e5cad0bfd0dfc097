// The calls to GitLab's interface that grants need: deploy tokens of projects and groups, and which of them a path is.
// https://docs.gitlab.com/api/deploy_tokens/
import { isTransshipError, type TransshipError } from '../../errors.ts';
import { isObject, objectsIn } from '../../registries/tag-digest-pages.ts';
import { unusableAnswer, vendorApi, type ApiAnswer, type ApiPlace } from '../../registries/vendor-api.ts';
import { Secret } from '../../telemetry/secret.ts';
import type { Owner } from './owners.ts';

type Visibility = 'public' | 'internal' | 'private';

export type GitlabToken = {
  id: number;
  name: string;
  username: string;
  /** Absent: never. */
  endsAt?: Date;
  scopes: readonly string[];
};

/** As far as its registry goes. */
export type GitlabProject = { path: string; visibility: Visibility };

export type GitlabApi = {
  /** Undefined where there is none that the login may see. */
  project(path: string, signal?: AbortSignal): Promise<GitlabProject | undefined>;
  hasGroup(path: string, signal?: AbortSignal): Promise<boolean>;
  /** Those that hold; undefined where the owner is not there. */
  tokens(owner: Owner, signal?: AbortSignal): Promise<readonly GitlabToken[] | undefined>;
  /** It reads the registry. What it is logged in by is told this once. */
  makeToken(
    owner: Owner,
    form: { name: string; endsAt: Date | undefined },
    signal?: AbortSignal,
  ): Promise<{ id: number; username: string; password: Secret }>;
  /** One that is gone already is a success. */
  removeToken(owner: Owner, id: number, signal?: AbortSignal): Promise<void>;
  /** Those of a group, and of the groups in it, that more than its members see. */
  openProjects(group: string, signal?: AbortSignal): Promise<readonly GitlabProject[]>;
};

/** An access token that may make deploy tokens; read anew for each call. */
export type GitlabKey = () => Promise<Secret>;

const PAGE_SIZE = 100;
const MOST_PAGES = 100;

type Call = {
  operation: string;
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  body?: unknown;
  expect: readonly number[];
  signal: AbortSignal | undefined;
};

/** @param base GitLab itself, without `/api/v4` */
export function openGitlab(place: ApiPlace, base: URL, key: GitlabKey): GitlabApi {
  const api = vendorApi(place, base);

  async function send({ signal, path, ...call }: Call): Promise<ApiAnswer> {
    return api.send({
      ...call,
      path: `/api/v4${path}`,
      headers: { 'private-token': await key() },
      // not sent twice: each makes a token
      replayable: call.method !== 'POST',
      hints: {
        unauthorized: `the password for ${place.host} must be an access token of GitLab with the scope "api" that has not ended`,
        denied: 'the owner of the access token must be at least Maintainer of the project, or Owner of the group',
        'not-found': 'check the path of the project or group; without a right to see it, it looks absent',
      },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  function unusable(operation: string): TransshipError {
    return unusableAnswer({
      registry: place.host,
      host: api.host,
      operation,
      reason: 'it has not the documented shape',
    });
  }

  async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
    try {
      return await asked;
    } catch (error) {
      if (isTransshipError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async function listed(operation: string, path: string, signal: AbortSignal | undefined) {
    const all: Record<string, unknown>[] = [];
    for (let page = 1; ; page += 1) {
      const paged = `${path}${path.includes('?') ? '&' : '?'}per_page=${PAGE_SIZE}&page=${page}`;
      const { json } = await send({ operation, method: 'GET', path: paged, expect: [200], signal });
      const found = objectsIn(json);
      if (found === undefined) throw unusable(operation);
      all.push(...found);
      if (found.length < PAGE_SIZE || page >= MOST_PAGES) return all;
    }
  }

  return {
    async project(path, signal) {
      const operation = `look up project ${path}`;
      const call: Call = {
        operation,
        method: 'GET',
        path: `/projects/${encodeURIComponent(path)}`,
        expect: [200],
        signal,
      };
      const answer = await ifThere(send(call));
      if (answer === undefined) return undefined;
      const [project] = isObject(answer.json) ? projectIn(answer.json) : [];
      if (project === undefined) throw unusable(operation);
      return project;
    },

    async hasGroup(path, signal) {
      const operation = `look up group ${path}`;
      const where = `/groups/${encodeURIComponent(path)}?with_projects=false`;
      const answer = await ifThere(send({ operation, method: 'GET', path: where, expect: [200], signal }));
      if (answer === undefined) return false;
      if (!isObject(answer.json) || typeof answer.json['full_path'] !== 'string') throw unusable(operation);
      return true;
    },

    async tokens(owner, signal) {
      const operation = `list deploy tokens of ${owner.path}`;
      const path = `${pathOf(owner)}/deploy_tokens?active=true`;
      const all = await ifThere(listed(operation, path, signal));
      return all?.flatMap(tokenIn);
    },

    async makeToken(owner, { name, endsAt }, signal) {
      const operation = `make a deploy token of ${owner.path}`;
      const body = {
        name,
        scopes: ['read_registry'],
        ...(endsAt === undefined ? {} : { expires_at: endsAt.toISOString() }),
      };
      const path = `${pathOf(owner)}/deploy_tokens`;
      const { json } = await send({ operation, method: 'POST', path, body, expect: [201], signal });
      const { id, username, token } = isObject(json) ? json : {};
      if (typeof id !== 'number' || typeof username !== 'string' || typeof token !== 'string' || token === '') {
        throw unusable(operation);
      }
      return { id, username, password: new Secret(token) };
    },

    async removeToken(owner, id, signal) {
      const operation = `remove a deploy token of ${owner.path}`;
      const path = `${pathOf(owner)}/deploy_tokens/${id}`;
      await send({ operation, method: 'DELETE', path, expect: [200, 202, 204, 404], signal });
    },

    async openProjects(group, signal) {
      const operation = `list projects of ${group}`;
      const path = `/groups/${encodeURIComponent(group)}/projects?include_subgroups=true&archived=false`;
      const projects = (await listed(operation, path, signal)).flatMap(projectIn);
      return projects.filter(({ visibility }) => visibility !== 'private');
    },
  };
}

function pathOf({ kind, path }: Owner): string {
  return `/${kind}s/${encodeURIComponent(path)}`;
}

/** A registry may be for the members of an open project only. https://docs.gitlab.com/user/packages/container_registry/ */
function projectIn(project: Record<string, unknown>): GitlabProject[] {
  const { path_with_namespace: path, visibility, container_registry_access_level: level = 'enabled' } = project;
  if (typeof path !== 'string') return [];
  const isOpen = level === 'enabled' && (visibility === 'public' || visibility === 'internal');
  return [{ path, visibility: isOpen ? visibility : 'private' }];
}

function tokenIn(token: Record<string, unknown>): GitlabToken[] {
  const { id, name, username, expires_at: end, revoked, expired, scopes } = token;
  if (typeof id !== 'number' || typeof name !== 'string' || typeof username !== 'string') return [];
  if (revoked === true || expired === true) return [];
  const endsAt = new Date(typeof end === 'string' ? end : Number.NaN);
  return [
    {
      id,
      name,
      username,
      scopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [],
      ...(Number.isNaN(endsAt.getTime()) ? {} : { endsAt }),
    },
  ];
}
