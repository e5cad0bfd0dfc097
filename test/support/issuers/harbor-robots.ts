// A fake of Harbor's API for robot accounts: lists them by system or project, and gives them secrets, as its handler does.
// https://github.com/goharbor/harbor/blob/main/src/server/v2.0/handler/robot.go
import { basicOf, startJsonApi, type ApiCall, type ApiReply, type JsonApi } from './json-api.ts';
import { uniqueSecret } from './secrets.ts';

export type FakeRobot = {
  id: number;
  name: string;
  project?: string;
  expires_at: number;
  disable: boolean;
  secret: string;
};
export type FakeHarborRobots = JsonApi & { admin: { username: string; password: string }; robots: FakeRobot[] };

const PROJECTS = ['library', 'team'];

export async function startHarborRobots(names: readonly string[]): Promise<FakeHarborRobots> {
  const admin = { username: 'admin', password: uniqueSecret('harbor-admin') };
  const robots = names.map((name, index): FakeRobot => {
    const [, project] = /^robot\$([^+]+)\+/.exec(name) ?? [];
    return {
      id: index + 1,
      name,
      expires_at: -1,
      disable: false,
      secret: '',
      ...(project === undefined ? {} : { project }),
    };
  });
  const api = await startJsonApi((call): ApiReply => {
    const login = basicOf(call);
    const self = robots.find(({ name, secret }) => name === login?.username && secret === login.password);
    const isAdmin = login?.username === admin.username && login.password === admin.password;
    if (!isAdmin && self === undefined) return { status: 401, json: { errors: [{ code: 'UNAUTHORIZED' }] } };
    if (!isAdmin) return { status: 403, json: { errors: [{ code: 'FORBIDDEN' }] } };
    return answer(call, robots);
  });
  return Object.assign(api, { admin, robots });
}

function answer(call: ApiCall, robots: FakeRobot[]): ApiReply {
  const [, project] = /^\/api\/v2\.0\/projects\/(\w+)$/.exec(call.path) ?? [];
  if (project !== undefined) {
    const id = PROJECTS.indexOf(project) + 1;
    return id === 0
      ? { status: 404, json: { errors: [{ code: 'NOT_FOUND' }] } }
      : { status: 200, json: { project_id: id } };
  }
  if (call.method === 'GET' && call.path === '/api/v2.0/robots') return list(call, robots);
  const [, id] = /^\/api\/v2\.0\/robots\/(\d+)$/.exec(call.path) ?? [];
  const robot = robots.find((one) => one.id === Number(id));
  if (call.method !== 'PATCH' || robot === undefined) return { status: 404, json: {} };
  const given =
    typeof call.body === 'object' && call.body !== null && 'secret' in call.body ? String(call.body.secret) : '';
  if (!(given.length >= 8 && /[a-z]/.test(given) && /[A-Z]/.test(given) && /\d/.test(given)))
    return { status: 400, json: {} };
  robot.secret = given;
  return { status: 200, json: { secret: '' } };
}

function list({ query }: ApiCall, robots: FakeRobot[]): ApiReply {
  const [, projectId] = /^Level=project,ProjectID=(\d+)$/.exec(query.get('q') ?? '') ?? [];
  const project = projectId === undefined ? undefined : PROJECTS[Number(projectId) - 1];
  const [page, size] = [Number(query.get('page')), Number(query.get('page_size'))];
  const listed = robots.filter((robot) => robot.project === project).slice((page - 1) * size, page * size);
  return { status: 200, json: listed.map(({ secret: _, project: __, ...robot }) => robot) };
}
