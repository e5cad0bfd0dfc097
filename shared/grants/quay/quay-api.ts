// The calls to Quay's interface that grants need: permissions of repositories, those that new repositories begin with, and lists.
// https://docs.redhat.com/en/documentation/red_hat_quay/3.15/html/red_hat_quay_api_reference/
import { isTransshipError, TransshipError } from '../../errors.ts';
import { isObject, objectsIn } from '../../registries/tag-digest-pages.ts';
import { ownApi, unusableAnswer, type ApiPlace } from '../../registries/vendor-api.ts';
import { Secret } from '../../telemetry/secret.ts';
import type { VendorLogin } from '../vendor-login.ts';
import { isRole, keyOf, type Delegate, type Permission, type QuayRole } from './entry-content.ts';

type QuayRepository = { name: string; isPublic: boolean };

/** The permission that new repositories begin with; `id` is Quay's. */
type Prototype = Permission & { id: string };

export type QuayApi = {
  /** Of an organization or user; those that the login may see. */
  repositories(organization: string, signal?: AbortSignal): Promise<QuayRepository[]>;
  /** Undefined where the repository is not there. */
  permissions(repository: string, signal?: AbortSignal): Promise<Permission[] | undefined>;
  setPermission(repository: string, permission: Permission, signal?: AbortSignal): Promise<void>;
  /** One that is gone already is a success. */
  removePermission(repository: string, delegate: Delegate, signal?: AbortSignal): Promise<void>;
  /** The roles of a user by whatever way: its own, its teams', the organization's. */
  rolesOf(repository: string, user: string, signal?: AbortSignal): Promise<QuayRole[]>;
  prototypes(organization: string, signal?: AbortSignal): Promise<Prototype[] | undefined>;
  addPrototype(organization: string, permission: Permission, signal?: AbortSignal): Promise<void>;
  removePrototype(organization: string, id: string, signal?: AbortSignal): Promise<void>;
};

/** By which a password is known to be a token of an OAuth application. */
const TOKEN_USER = '$oauthtoken';
const MOST_PAGES = 1000;

type Call = {
  operation: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
  expect: readonly number[];
  signal: AbortSignal | undefined;
};

export function openQuay(place: ApiPlace, login: VendorLogin): QuayApi {
  const api = ownApi(place);

  async function send({ signal, ...call }: Call): Promise<unknown> {
    const headers = { authorization: await bearer(place.host, login) };
    const replayable = call.method !== 'POST';
    const hints = {
      denied: `the application of the token must have the right to administer repositories of the organization`,
    };
    const { json } = await api.send({
      ...call,
      headers,
      replayable,
      hints,
      ...(signal === undefined ? {} : { signal }),
    });
    return json;
  }

  async function sendIfThere(call: Call): Promise<unknown> {
    try {
      return await send(call);
    } catch (error) {
      if (isTransshipError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async function permissionsOf(repository: string, kind: Delegate['kind'], signal: AbortSignal | undefined) {
    const operation = `list permissions of ${repository}`;
    const path = `/api/v1/repository/${pathOf(repository)}/permissions/${kind}/`;
    const json = await sendIfThere({ operation, method: 'GET', path, expect: [200], signal });
    if (json === undefined) return undefined;
    const listed = isObject(json) ? json['permissions'] : undefined;
    if (!isObject(listed)) throw unusable(operation);
    return Object.entries(listed).flatMap(([name, entry]): Permission[] => {
      const role = isObject(entry) ? entry['role'] : undefined;
      return isRole(role) ? [{ kind, name, role }] : [];
    });
  }

  const unusable = (operation: string): TransshipError =>
    unusableAnswer({ registry: place.host, host: api.host, operation, reason: 'it has not the documented shape' });

  return {
    async repositories(organization, signal) {
      const operation = `list repositories of ${organization}`;
      const found: QuayRepository[] = [];
      let next = '';
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const more = next === '' ? '' : `&next_page=${encodeURIComponent(next)}`;
        const path = `/api/v1/repository?namespace=${encodeURIComponent(organization)}${more}`;
        const json = await send({ operation, method: 'GET', path, expect: [200], signal });
        const listed = objectsIn(isObject(json) ? json['repositories'] : undefined);
        if (!isObject(json) || listed === undefined) throw unusable(operation);
        found.push(
          ...listed.map(({ name, is_public: isPublic }) => ({
            name: `${organization}/${String(name)}`,
            isPublic: isPublic === true,
          })),
        );
        if (typeof json['next_page'] !== 'string' || json['next_page'] === '') return found;
        next = json['next_page'];
      }
      return found;
    },

    async permissions(repository, signal) {
      const [users, teams] = await Promise.all([
        permissionsOf(repository, 'user', signal),
        permissionsOf(repository, 'team', signal),
      ]);
      return users === undefined ? undefined : [...users, ...(teams ?? [])];
    },

    async setPermission(repository, { role, ...delegate }, signal) {
      const operation = `let ${keyOf(delegate)} read ${repository}`;
      const path = permissionPath(repository, delegate);
      await send({ operation, method: 'PUT', path, body: { role }, expect: [200], signal });
    },

    async removePermission(repository, delegate, signal) {
      const operation = `remove the permission of ${keyOf(delegate)} at ${repository}`;
      const path = permissionPath(repository, delegate);
      // Quay tells a permission that is not there by 400, too
      await sendIfThere({ operation, method: 'DELETE', path, expect: [200, 204, 400], signal });
    },

    async rolesOf(repository, user, signal) {
      const operation = `look up the roles of ${user} at ${repository}`;
      const path = `${permissionPath(repository, { kind: 'user', name: user })}/transitive`;
      const json = await sendIfThere({ operation, method: 'GET', path, expect: [200], signal });
      if (json === undefined) return [];
      const listed = objectsIn(isObject(json) ? json['permissions'] : undefined);
      // an answer that is none would read as nobody's right
      if (listed === undefined) throw unusable(operation);
      return listed.map(({ role }) => role).filter(isRole);
    },

    async prototypes(organization, signal) {
      const operation = `list default permissions of ${organization}`;
      const path = `/api/v1/organization/${encodeURIComponent(organization)}/prototypes`;
      const json = await sendIfThere({ operation, method: 'GET', path, expect: [200], signal });
      if (json === undefined) return undefined;
      const listed = objectsIn(isObject(json) ? json['prototypes'] : undefined);
      if (listed === undefined) throw unusable(operation);
      return listed.flatMap(prototypeIn);
    },

    async addPrototype(organization, { role, kind, name }, signal) {
      const operation = `let ${name} read new repositories of ${organization}`;
      const path = `/api/v1/organization/${encodeURIComponent(organization)}/prototypes`;
      const body = { role, delegate: { kind, name } };
      await send({ operation, method: 'POST', path, body, expect: [200, 201], signal });
    },

    async removePrototype(organization, id, signal) {
      const operation = `remove a default permission of ${organization}`;
      const path = `/api/v1/organization/${encodeURIComponent(organization)}/prototypes/${encodeURIComponent(id)}`;
      await sendIfThere({ operation, method: 'DELETE', path, expect: [200, 204], signal });
    },
  };
}

/** Those that depend on who makes the repository are another thing, and are left alone. */
function prototypeIn({ id, role, delegate, activating_user: maker }: Record<string, unknown>): Prototype[] {
  if (typeof id !== 'string' || !isRole(role) || !isObject(delegate) || isObject(maker)) return [];
  const { kind, name } = delegate;
  if ((kind !== 'user' && kind !== 'team') || typeof name !== 'string') return [];
  return [{ id, kind, name, role }];
}

/** The interface takes tokens of OAuth applications only. https://docs.quay.io/api/ */
async function bearer(host: string, login: VendorLogin): Promise<Secret> {
  const { username, password } = await login();
  if (username === TOKEN_USER) return new Secret(`Bearer ${password.reveal()}`);
  throw new TransshipError('invalid-config', `permissions of ${host} cannot be set as ${username}`, {
    hint: `make an OAuth application in the organization, and use its token: username: ${TOKEN_USER}, password: { env: … }`,
    details: { registry: host, operation: 'log in' },
  });
}

function permissionPath(repository: string, { kind, name }: Delegate): string {
  return `/api/v1/repository/${pathOf(repository)}/permissions/${kind}/${encodeURIComponent(name)}`;
}

function pathOf(repository: string): string {
  return repository.split('/').map(encodeURIComponent).join('/');
}
