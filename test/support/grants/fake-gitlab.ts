// A fake of GitLab's interface for deploy tokens of projects and groups, after its documented wire format: told once, never changed, ended at
// midnight UTC, listed in pages. https://docs.gitlab.com/api/deploy_tokens/
import { isRecord } from '../../../shared/grants/canonical.ts';
import type { ShownOnce } from '../../../shared/grants/keep-secret.ts';
import { startJsonApi, type ApiCall, type ApiReply, type JsonApi } from '../issuers/json-api.ts';
import { uniqueSecret } from '../issuers/secrets.ts';

type FakeToken = {
  id: number;
  /** `projects acme/app` */
  owner: string;
  name: string;
  username: string;
  expires_at: string | null;
  scopes: string[];
  secret: string;
};
type FakeProject = { visibility: string; container_registry_access_level?: string };

export type FakeGitlabGrants = JsonApi & {
  token: string;
  projects: Map<string, FakeProject>;
  groups: Set<string>;
  tokens: FakeToken[];
  /** Every token that was ever told. */
  secrets: string[];
  writes(): ApiCall[];
  /** Whether a login pulls now. */
  pulls(shown: ShownOnce | undefined): boolean;
  addToken(owner: string, own?: Partial<FakeToken>): FakeToken;
};

const NOT_FOUND: ApiReply = { status: 404, json: { message: '404 Not Found' } };

/** @param now its clock, in milliseconds */
export async function startFakeGitlab(now: () => number): Promise<FakeGitlabGrants> {
  const token = `glpat-${uniqueSecret('gitlab')}`;
  let lastId = 0;
  const api = await startJsonApi((call) =>
    call.headers['private-token'] === token ? answer(call) : { status: 401, json: { message: '401 Unauthorized' } },
  );
  const isOver = ({ expires_at: end }: FakeToken): boolean => end !== null && Date.parse(end) <= now();
  const fake: FakeGitlabGrants = Object.assign(api, {
    token,
    projects: new Map<string, FakeProject>(),
    groups: new Set<string>(),
    tokens: [],
    secrets: [],
    writes: () => api.calls.filter(({ method }) => method !== 'GET'),
    pulls: (shown: ShownOnce | undefined) =>
      fake.tokens.some(
        (one) => one.username === shown?.username && one.secret === shown.password.reveal() && !isOver(one),
      ),
    addToken: (owner: string, own: Partial<FakeToken> = {}) => {
      lastId += 1;
      const made: FakeToken = {
        id: lastId,
        owner,
        name: 'by hand',
        username: `gitlab+deploy-token-${lastId}`,
        expires_at: null,
        scopes: ['read_registry'],
        secret: `gldt-${uniqueSecret('deploy')}`,
        ...own,
      };
      fake.secrets.push(made.secret);
      fake.tokens.push(made);
      return made;
    },
  });
  return fake;

  function answer(call: ApiCall): ApiReply {
    const [what, path = '', sub, id] = call.path.split('/').slice(3).map(decodeURIComponent);
    const project = fake.projects.get(path);
    const isThere = what === 'projects' ? project !== undefined : what === 'groups' && fake.groups.has(path);
    if (!isThere) return NOT_FOUND;
    if (sub === 'deploy_tokens') return tokens(call, `${what} ${path}`, id);
    if (sub === 'projects') return { status: 200, json: paged(call, projectsOf(path)) };
    if (project !== undefined) return { status: 200, json: { path_with_namespace: path, ...project } };
    return { status: 200, json: { full_path: path } };
  }

  function projectsOf(group: string) {
    return [...fake.projects]
      .filter(([path]) => path.startsWith(`${group}/`))
      .map(([path, project]) => ({ path_with_namespace: path, ...project }));
  }

  function tokens(call: ApiCall, owner: string, id: string | undefined): ApiReply {
    const listed = fake.tokens.filter((one) => one.owner === owner);
    if (call.method === 'GET') {
      const active = call.query.get('active') === 'true' ? listed.filter((one) => !isOver(one)) : listed;
      return { status: 200, json: paged(call, active).map(view) };
    }
    if (call.method === 'POST') return make(owner, call.body);
    const found = listed.find((one) => one.id === Number(id));
    if (found === undefined) return NOT_FOUND;
    fake.tokens.splice(fake.tokens.indexOf(found), 1);
    return { status: 204 };
  }

  function make(owner: string, body: unknown): ApiReply {
    const { name, scopes, expires_at: end } = isRecord(body) ? body : {};
    if (typeof name !== 'string' || name.length > 255 || !Array.isArray(scopes)) return { status: 400, json: {} };
    const made = fake.addToken(owner, {
      name,
      scopes: scopes.map(String),
      expires_at: typeof end === 'string' ? `${end.slice(0, 10)}T00:00:00.000Z` : null,
    });
    return { status: 201, json: { ...view(made), token: made.secret } };
  }

  function view(one: FakeToken) {
    const { secret: _, owner: __, ...shown } = one;
    return { ...shown, revoked: false, expired: isOver(one) };
  }
}

function paged<One>({ query }: ApiCall, all: readonly One[]): One[] {
  const [page, size] = [Number(query.get('page') ?? 1), Math.min(Number(query.get('per_page') ?? 20), 100)];
  return all.slice((page - 1) * size, page * size);
}
