// The calls to Harbor's interface that grants need: robot accounts, and members of projects.
// https://github.com/goharbor/harbor/blob/main/api/v2.0/swagger.yaml
import { isTransshipError, TransshipError } from '../../errors.ts';
import { isObject, objectsIn } from '../../registries/tag-digest-pages.ts';
import { ownApi, unusableAnswer, type ApiAnswer, type ApiPlace } from '../../registries/vendor-api.ts';
import { Secret } from '../../telemetry/secret.ts';
import type { VendorLogin } from '../vendor-login.ts';
import { ROLES, type MemberContent } from './entry-content.ts';

export type HarborProject = { id: number; name: string; isPublic: boolean };

export type RobotPermission = { kind: string; namespace: string; access: { resource: string; action: string }[] };

export type HarborRobot = {
  id: number;
  /** `robot$project+name`: the prefix is a setting of Harbor. */
  fullName: string;
  /** What stands behind the project. */
  name: string;
  description: string;
  isDisabled: boolean;
  /** In days; -1: it never ends. */
  days: number;
  madeAt: Date;
  /** Absent: never. */
  endsAt?: Date;
  permissions: readonly RobotPermission[];
};

export type HarborMember = MemberContent & { id: number };

/** What a robot account is made and changed by. */
export type RobotForm = {
  name: string;
  description: string;
  days: number;
  project: string;
  access: readonly { resource: string; action: string }[];
};

export type HarborApi = {
  /** Undefined where it is not there. */
  project(name: string, signal?: AbortSignal): Promise<HarborProject | undefined>;
  /** Of a project, or those of the system, and what Harbor's clock shows. */
  robots(
    of: HarborProject | 'system',
    signal?: AbortSignal,
  ): Promise<{ robots: readonly HarborRobot[]; clockAt: Date }>;
  members(project: string, signal?: AbortSignal): Promise<readonly HarborMember[]>;
  /** Its password is told this once. @throws TransshipError object-conflict where there is one of this name */
  makeRobot(form: RobotForm, signal?: AbortSignal): Promise<{ id: number; fullName: string; password: Secret }>;
  /** Enabled; the password stays. `form.name` is the full one. */
  changeRobot(id: number, form: RobotForm, signal?: AbortSignal): Promise<void>;
  /** A new password, told this once. */
  renewPassword(id: number, signal?: AbortSignal): Promise<Secret>;
  removeRobot(id: number, signal?: AbortSignal): Promise<void>;
  /** @throws TransshipError object-conflict for one who is a member, not-found for one whom Harbor does not know */
  addMember(project: string, member: MemberContent, signal?: AbortSignal): Promise<void>;
  removeMember(project: string, id: number, signal?: AbortSignal): Promise<void>;
};

const PAGE_SIZE = 100;
const MOST_PAGES = 1000;
const LIMITED_GUEST = 5;
/** Else a project whose name has only digits is taken for an ID. */
const BY_NAME = { 'x-is-resource-name': 'true' };

type Call = {
  operation: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  expect: readonly number[];
  signal: AbortSignal | undefined;
};

export function openHarbor(place: ApiPlace, login: VendorLogin): HarborApi {
  const api = ownApi(place);

  async function send({ signal, headers = {}, ...call }: Call): Promise<ApiAnswer> {
    const { username, password } = await login();
    const basic = new Secret(`Basic ${Buffer.from(`${username}:${password.reveal()}`).toString('base64')}`);
    return api.send({
      ...call,
      headers: { ...headers, authorization: basic },
      replayable: call.method === 'GET' || call.method === 'PUT' || call.method === 'DELETE',
      hints: {
        denied: `${username} must be an admin of the project; that a robot account may manage others needs Harbor 2.12 or later`,
        unauthorized: `check the login ${username}, and that the project is there: Harbor may answer the same for one that is not`,
        'not-found': 'check the name: Harbor knows users who have logged in, or whom an admin has made',
      },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  function unusable(operation: string, reason = 'it has not the documented shape'): TransshipError {
    return unusableAnswer({ registry: place.host, host: api.host, operation, reason });
  }

  async function listed(operation: string, path: string, signal: AbortSignal | undefined) {
    const all: Record<string, unknown>[] = [];
    for (let page = 1; ; page += 1) {
      const paged = `${path}${path.includes('?') ? '&' : '?'}page=${page}&page_size=${PAGE_SIZE}`;
      const call: Call = { operation, method: 'GET', path: paged, headers: BY_NAME, expect: [200], signal };
      const { json, clockAt } = await send(call);
      const found = objectsIn(json);
      if (found === undefined) throw unusable(operation);
      all.push(...found);
      if (found.length < PAGE_SIZE || page >= MOST_PAGES) return { all, clockAt };
    }
  }

  /** A group is known to Harbor once one of its people logged in, or an admin made it. */
  async function groupId(name: string, signal: AbortSignal | undefined): Promise<number> {
    const operation = `look up group ${name}`;
    const path = `/api/v2.0/usergroups/search?groupname=${encodeURIComponent(name)}`;
    const { all } = await listed(operation, path, signal);
    const id = all.find(({ group_name: known }) => known === name)?.['id'];
    if (typeof id === 'number') return id;
    throw new TransshipError('not-found', `${place.host}: there is no group ${name}`, {
      hint: 'Harbor knows a group when one of its people has logged in, or an admin has made it (Administration > Groups)',
      details: { registry: place.host, operation },
    });
  }

  return {
    async project(name, signal) {
      const operation = `look up project ${name}`;
      const path = `/api/v2.0/projects/${encodeURIComponent(name)}`;
      try {
        const { json } = await send({ operation, method: 'GET', path, headers: BY_NAME, expect: [200], signal });
        const { project_id: id, metadata } = isObject(json) ? json : {};
        if (typeof id !== 'number') throw unusable(operation, `project ${name} has no ID`);
        return { id, name, isPublic: isObject(metadata) && metadata['public'] === 'true' };
      } catch (error) {
        if (isTransshipError(error, 'not-found')) return undefined;
        throw error;
      }
    },

    async robots(of, signal) {
      const query = of === 'system' ? 'Level=system' : `Level=project,ProjectID=${of.id}`;
      const operation = of === 'system' ? 'list robot accounts of the system' : `list robot accounts of ${of.name}`;
      const { all, clockAt } = await listed(operation, `/api/v2.0/robots?q=${encodeURIComponent(query)}`, signal);
      return { robots: all.flatMap(robotIn), clockAt };
    },

    async members(project, signal) {
      const path = `/api/v2.0/projects/${encodeURIComponent(project)}/members`;
      return (await listed(`list members of ${project}`, path, signal)).all.flatMap(memberIn);
    },

    async makeRobot(form, signal) {
      const operation = `make robot account ${form.name} in ${form.project}`;
      const body = bodyOf(form);
      const expect = [201, 409];
      const { status, json } = await send({
        operation,
        method: 'POST',
        path: '/api/v2.0/robots',
        body,
        expect,
        signal,
      });
      if (status === 409) throw taken(place.host, operation, form.name);
      const { id, name: fullName, secret } = isObject(json) ? json : {};
      if (typeof id !== 'number' || typeof fullName !== 'string') throw unusable(operation);
      if (typeof secret !== 'string' || secret === '') throw unusable(operation, 'it has no password');
      return { id, fullName, password: new Secret(secret) };
    },

    async changeRobot(id, form, signal) {
      const operation = `change robot account ${form.name}`;
      const path = `/api/v2.0/robots/${id}`;
      await send({ operation, method: 'PUT', path, body: { id, ...bodyOf(form) }, expect: [200], signal });
    },

    async renewPassword(id, signal) {
      const operation = 'give a robot account a new password';
      const body = { secret: '' };
      const path = `/api/v2.0/robots/${id}`;
      const { json } = await send({ operation, method: 'PATCH', path, body, expect: [200], signal });
      const { secret } = isObject(json) ? json : {};
      if (typeof secret !== 'string' || secret === '') throw unusable(operation, 'it has no password');
      return new Secret(secret);
    },

    async removeRobot(id, signal) {
      const operation = 'remove a robot account';
      await send({ operation, method: 'DELETE', path: `/api/v2.0/robots/${id}`, expect: [200, 404], signal });
    },

    async addMember(project, member, signal) {
      const operation = `make ${member.kind} ${member.name} a limited guest of ${project}`;
      const who =
        member.kind === 'user'
          ? { member_user: { username: member.name } }
          : { member_group: { id: await groupId(member.name, signal) } };
      const body = { role_id: LIMITED_GUEST, ...who };
      const path = `/api/v2.0/projects/${encodeURIComponent(project)}/members`;
      const expect = [201, 409];
      const { status } = await send({ operation, method: 'POST', path, headers: BY_NAME, body, expect, signal });
      if (status === 409) throw taken(place.host, operation, `${member.kind} ${member.name}`);
    },

    async removeMember(project, id, signal) {
      const operation = `remove a member of ${project}`;
      const path = `/api/v2.0/projects/${encodeURIComponent(project)}/members/${id}`;
      await send({ operation, method: 'DELETE', path, headers: BY_NAME, expect: [200, 404], signal });
    },
  };
}

function bodyOf({ name, description, days, project, access }: RobotForm) {
  const permissions = [{ kind: 'project', namespace: project, access }];
  return { name, description, level: 'project', disable: false, duration: days, permissions };
}

function robotIn(robot: Record<string, unknown>): HarborRobot[] {
  const { id, name, description, disable, duration, creation_time: made, expires_at: end, permissions } = robot;
  if (typeof id !== 'number' || typeof name !== 'string' || typeof duration !== 'number') return [];
  return [
    {
      id,
      fullName: name,
      name: name.slice(name.lastIndexOf('+') + 1),
      description: typeof description === 'string' ? description : '',
      isDisabled: disable === true,
      days: duration,
      madeAt: new Date(typeof made === 'string' ? made : Number.NaN),
      permissions: (objectsIn(permissions ?? []) ?? []).map(permissionIn),
      // seconds since the epoch; -1 for never
      ...(typeof end === 'number' && end > 0 ? { endsAt: new Date(end * 1000) } : {}),
    },
  ];
}

function permissionIn({ kind, namespace, access }: Record<string, unknown>): RobotPermission {
  const listed = (objectsIn(access ?? []) ?? []).filter(({ effect }) => effect !== 'deny');
  return {
    kind: String(kind),
    namespace: String(namespace),
    access: listed.map(({ resource, action }) => ({ resource: String(resource), action: String(action) })),
  };
}

function memberIn({
  id,
  entity_name: name,
  entity_type: type,
  role_id: roleId,
}: Record<string, unknown>): HarborMember[] {
  const role = ROLES.get(typeof roleId === 'number' ? roleId : 0);
  if (typeof id !== 'number' || typeof name !== 'string' || role === undefined) return [];
  return [{ id, kind: type === 'g' ? 'group' : 'user', name, role }];
}

function taken(host: string, operation: string, who: string): TransshipError {
  return new TransshipError('object-conflict', `${host}: ${operation} failed: somebody made ${who} meanwhile`, {
    hint: 'plan anew',
    retryable: true,
    details: { registry: host, operation },
  });
}
