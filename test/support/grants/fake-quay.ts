// A fake of Quay's interface for permissions, after its documented wire formats: repositories, permissions of users and teams, default
// permissions. https://docs.redhat.com/en/documentation/red_hat_quay/3.15/html/red_hat_quay_api_reference/permission
import { isRecord } from '../../../shared/grants/canonical.ts';
import { startJsonApi, type ApiCall, type ApiReply, type JsonApi } from '../issuers/json-api.ts';
import { uniqueSecret } from '../issuers/secrets.ts';

type FakeRepository = { isPublic: boolean; permissions: Map<string, string> };
type FakePrototype = { id: string; role: string; delegate: { kind: string; name: string }; activating_user: unknown };

export type FakeQuay = JsonApi & {
  token: string;
  /** By `organization/name`; permissions by `user/NAME` and `team/NAME`. */
  repositories: Map<string, FakeRepository>;
  /** By organization. */
  prototypes: Map<string, FakePrototype[]>;
  /** Members of teams, who may what the team may. */
  teams: Map<string, string[]>;
  /** As `user/NAME`: who cannot get a permission. */
  unknown: Set<string>;
  pageSize: number;
  writes(): ApiCall[];
};

export async function startFakeQuay(): Promise<FakeQuay> {
  const token = uniqueSecret('quay-oauth');
  const repositories = new Map<string, FakeRepository>();
  const prototypes = new Map<string, FakePrototype[]>([['acme', []]]);
  const teams = new Map<string, string[]>();
  const api = await startJsonApi((call) => {
    if (call.headers.authorization !== `Bearer ${token}`)
      return { status: 401, json: { message: 'Requires authentication' } };
    return answer(call);
  });
  const fake: FakeQuay = Object.assign(api, {
    token,
    repositories,
    prototypes,
    teams,
    unknown: new Set<string>(),
    pageSize: 2,
    writes: () => api.calls.filter(({ method }) => method !== 'GET'),
  });
  return fake;

  function answer(call: ApiCall): ApiReply {
    const parts = call.path.split('/').slice(3).map(decodeURIComponent);
    const [what, organization = '', third = '', fourth, kind = '', name = '', transitive] = parts;
    if (what === 'repository' && organization === '') return listRepositories(call);
    if (what === 'organization') return answerPrototypes(call, organization, fourth);
    const repository = repositories.get(`${organization}/${third}`);
    if (what !== 'repository' || fourth !== 'permissions' || repository === undefined) return missing();
    if (name === '') return listPermissions(repository, kind);
    if (transitive === 'transitive') return sumUp(repository, name);
    return changePermission(call, repository, `${kind}/${name}`);
  }

  function listRepositories({ query }: ApiCall): ApiReply {
    const namespace = query.get('namespace') ?? '';
    const all = [...repositories.keys()].filter((name) => name.startsWith(`${namespace}/`)).toSorted();
    const start = Number(query.get('next_page') ?? 0);
    const page = all.slice(start, start + fake.pageSize).map((name) => ({
      namespace,
      name: name.slice(namespace.length + 1),
      is_public: repositories.get(name)?.isPublic,
    }));
    const end = start + fake.pageSize;
    return { status: 200, json: { repositories: page, ...(end < all.length ? { next_page: String(end) } : {}) } };
  }

  function listPermissions({ permissions }: FakeRepository, kind: string): ApiReply {
    const found = [...permissions].filter(([key]) => key.startsWith(`${kind}/`));
    const entries = found.map(([key, role]) => {
      const name = key.slice(kind.length + 1);
      return [name, { role, name, is_robot: name.includes('+') }] as const;
    });
    return { status: 200, json: { permissions: Object.fromEntries(entries) } };
  }

  function sumUp({ permissions }: FakeRepository, user: string): ApiReply {
    const own = permissions.get(`user/${user}`);
    const byTeams = [...teams]
      .filter(([, members]) => members.includes(user))
      .map(([team]) => permissions.get(`team/${team}`));
    const roles = [own, ...byTeams].filter((role) => role !== undefined);
    return roles.length === 0 ? missing() : { status: 200, json: { permissions: roles.map((role) => ({ role })) } };
  }

  function changePermission({ method, body }: ApiCall, { permissions }: FakeRepository, key: string): ApiReply {
    if (method === 'PUT') {
      if (fake.unknown.has(key)) return { status: 400, json: { error_message: 'Invalid username' } };
      const role = isRecord(body) ? String(body['role']) : '';
      permissions.set(key, role);
      return { status: 200, json: { role } };
    }
    if (method !== 'DELETE') return { status: 405, json: {} };
    return permissions.delete(key)
      ? { status: 204 }
      : { status: 400, json: { message: 'User does not have permission' } };
  }

  function answerPrototypes({ method, body }: ApiCall, organization: string, id: string | undefined): ApiReply {
    const listed = prototypes.get(organization);
    if (listed === undefined) return missing();
    if (method === 'GET') return { status: 200, json: { prototypes: listed } };
    if (method === 'DELETE') {
      const left = listed.filter((one) => one.id !== id);
      prototypes.set(organization, left);
      return left.length < listed.length ? { status: 204 } : missing();
    }
    const { role, delegate } = isRecord(body) ? body : {};
    const { kind, name } = isRecord(delegate) ? delegate : {};
    const made = {
      id: uniqueSecret('prototype'),
      role: String(role),
      delegate: { kind: String(kind), name: String(name) },
      activating_user: null,
    };
    listed.push(made);
    return { status: 200, json: made };
  }
}

function missing(): ApiReply {
  return { status: 404, json: { detail: 'Not Found', error_type: 'not_found', status: 404 } };
}
