// A fake of Harbor's interface for robot accounts and members of projects, after its documented wire format and what its handlers do: an end
// is counted in days from when a robot account was made, its name and level stay, its password is told once.
// https://github.com/goharbor/harbor/blob/main/api/v2.0/swagger.yaml https://github.com/goharbor/harbor/blob/main/src/server/v2.0/handler/robot.go
import { isRecord } from '../../../shared/grants/canonical.ts';
import type { ShownOnce } from '../../../shared/grants/keep-secret.ts';
import { basicOf, startJsonApi, type ApiCall, type ApiReply, type JsonApi } from '../issuers/json-api.ts';
import { uniqueSecret } from '../issuers/secrets.ts';

type FakeHarborRobot = {
  id: number;
  name: string;
  level: 'project' | 'system';
  project?: string;
  description: string;
  disable: boolean;
  duration: number;
  creation_time: string;
  expires_at: number;
  permissions: unknown;
};
type FakeMember = { id: number; entity_name: string; entity_type: 'u' | 'g'; role_id: number };

export type FakeHarbor = JsonApi & {
  admin: { username: string; password: string };
  projects: Map<string, { id: number; isPublic: boolean; members: FakeMember[] }>;
  robots: FakeHarborRobot[];
  users: Set<string>;
  groups: Map<string, number>;
  /** Every password that was ever told. */
  passwords: string[];
  isSystemAdmin: boolean;
  writes(): ApiCall[];
  /** Whether a login pulls now. */
  pulls(shown: ShownOnce | undefined): boolean;
  addRobot(own: Partial<FakeHarborRobot> & { name: string }): FakeHarborRobot;
};

const DAY_S = 86_400;
const NOT_FOUND: ApiReply = { status: 404, json: { errors: [{ code: 'NOT_FOUND' }] } };
const BAD: ApiReply = { status: 400, json: { errors: [{ code: 'BAD_REQUEST' }] } };
const CONFLICT: ApiReply = { status: 409, json: { errors: [{ code: 'CONFLICT' }] } };

/** @param now its clock, in milliseconds */
export async function startFakeHarbor(now: () => number): Promise<FakeHarbor> {
  const admin = { username: 'admin', password: uniqueSecret('harbor-admin') };
  const current = new Map<number, string>();
  let lastId = 0;
  const nextId = (): number => (lastId += 1);
  const api = await startJsonApi((call) => {
    const login = basicOf(call);
    if (login?.username !== admin.username || login.password !== admin.password)
      return { status: 401, json: { errors: [{ code: 'UNAUTHORIZED' }] } };
    return answer(call);
  });
  const fake: FakeHarbor = Object.assign(api, {
    admin,
    projects: new Map(),
    robots: [],
    users: new Set<string>(),
    groups: new Map<string, number>(),
    passwords: [],
    isSystemAdmin: true,
    writes: () => api.calls.filter(({ method }) => method !== 'GET'),
    pulls: (shown: ShownOnce | undefined) => {
      const robot = fake.robots.find(({ name }) => name === shown?.username);
      const isOver = robot === undefined || (robot.expires_at > 0 && robot.expires_at * 1000 <= now());
      return !isOver && !robot.disable && current.get(robot.id) === shown?.password.reveal();
    },
    addRobot: (own: Partial<FakeHarborRobot> & { name: string }) => {
      const robot: FakeHarborRobot = {
        id: nextId(),
        level: 'project',
        description: '',
        disable: false,
        duration: -1,
        creation_time: new Date(now()).toISOString(),
        expires_at: -1,
        permissions: [],
        ...own,
      };
      fake.robots.push(robot);
      return robot;
    },
  });
  Object.defineProperty(fake, 'skewMs', { get: () => now() - Date.now() });
  return fake;

  function answer(call: ApiCall): ApiReply {
    const [what, name = '', sub, id] = call.path.split('/').slice(3).map(decodeURIComponent);
    if (what === 'robots') return name === '' ? robots(call) : robot(call, Number(name));
    if (what === 'usergroups') return groups(call);
    const project = call.headers['x-is-resource-name'] === 'true' ? fake.projects.get(name) : undefined;
    if (what !== 'projects' || project === undefined) return NOT_FOUND;
    if (sub === 'members') return members(call, project.members, id);
    const metadata = { public: String(project.isPublic) };
    return { status: 200, json: { project_id: project.id, name, metadata } };
  }

  function groups({ query }: ApiCall): ApiReply {
    const found = [...fake.groups].filter(([name]) => name.includes(query.get('groupname') ?? ''));
    return { status: 200, json: found.map(([name, id]) => ({ id, group_name: name, group_type: 3 })) };
  }

  function members(call: ApiCall, list: FakeMember[], id: string | undefined): ApiReply {
    if (call.method === 'GET') return { status: 200, json: paged(call, list) };
    if (call.method === 'DELETE') {
      const at = list.findIndex((member) => member.id === Number(id));
      return at < 0 ? NOT_FOUND : (list.splice(at, 1), { status: 200 });
    }
    const { role_id: role, member_user: user, member_group: group } = isRecord(call.body) ? call.body : {};
    const ofGroup = [...fake.groups].find(([, known]) => isRecord(group) && group['id'] === known)?.[0];
    const ofUser = isRecord(user) && fake.users.has(String(user['username'])) ? String(user['username']) : undefined;
    const name = isRecord(group) ? ofGroup : ofUser;
    if (name === undefined) return NOT_FOUND;
    if (list.some((member) => member.entity_name === name)) return CONFLICT;
    const type = isRecord(group) ? 'g' : 'u';
    list.push({ id: nextId(), entity_name: name, entity_type: type, role_id: Number(role) });
    return { status: 201 };
  }

  function robots(call: ApiCall): ApiReply {
    if (call.method === 'POST') return make(call.body);
    const query = call.query.get('q') ?? '';
    const [, projectId] = /^Level=project,ProjectID=(\d+)$/.exec(query) ?? [];
    if (projectId === undefined && !fake.isSystemAdmin)
      return { status: 403, json: { errors: [{ code: 'FORBIDDEN' }] } };
    const project = [...fake.projects].find(([, { id }]) => id === Number(projectId))?.[0];
    const listed = fake.robots.filter((one) =>
      projectId === undefined ? one.level === 'system' : one.project === project,
    );
    return { status: 200, json: paged(call, listed).map(({ project: _, ...one }) => one) };
  }

  function make(body: unknown): ApiReply {
    const { name, description, level, duration, permissions } = isRecord(body) ? body : {};
    const [first] = Array.isArray(permissions) ? permissions : [];
    const project = String(isRecord(first) ? first['namespace'] : '');
    const isValid = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(String(name)) && level === 'project';
    if (!isValid || typeof duration !== 'number' || !fake.projects.has(project)) return BAD;
    const fullName = `robot$${project}+${String(name)}`;
    if (fake.robots.some((one) => one.name === fullName)) return CONFLICT;
    const made = fake.addRobot({
      name: fullName,
      project,
      description: typeof description === 'string' ? description : '',
      duration,
      permissions,
    });
    made.expires_at = endOf(made);
    return { status: 201, json: { id: made.id, name: fullName, secret: told(made.id), expires_at: made.expires_at } };
  }

  function robot({ method, body }: ApiCall, id: number): ApiReply {
    const found = fake.robots.find((one) => one.id === id);
    if (found === undefined) return NOT_FOUND;
    if (method === 'DELETE') {
      fake.robots.splice(fake.robots.indexOf(found), 1);
      return { status: 200 };
    }
    if (method === 'PATCH') return { status: 200, json: { secret: told(id) } };
    const { name, level, description, disable, duration, permissions } = isRecord(body) ? body : {};
    if (name !== found.name || level !== found.level || typeof duration !== 'number') return BAD;
    if (duration !== found.duration) {
      found.duration = duration;
      found.expires_at = endOf(found);
    }
    Object.assign(found, { description, disable, permissions });
    return { status: 200 };
  }

  function told(id: number): string {
    const password = uniqueSecret('harbor-robot');
    fake.passwords.push(password);
    current.set(id, password);
    return password;
  }
}

function endOf({ creation_time: made, duration }: FakeHarborRobot): number {
  return duration === -1 ? -1 : Math.floor(Date.parse(made) / 1000) + duration * DAY_S;
}

function paged<One>({ query }: ApiCall, all: readonly One[]): One[] {
  const [page, size] = [Number(query.get('page') ?? 1), Math.min(Number(query.get('page_size') ?? 10), 100)];
  return all.slice((page - 1) * size, page * size);
}
