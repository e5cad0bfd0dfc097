// A fake of Harbor: projects by its documented API (POST and HEAD /api/v2.0/projects, by user name and password), and before the
// registry what Harbor really answers for a project that is not there: 401, with an empty challenge.
// https://github.com/goharbor/harbor/blob/main/src/server/middleware/v2auth/auth.go
import type http from 'node:http';
import { text } from 'node:stream/consumers';
import type { RunningRegistry } from '../../infra/demo/registry.ts';
import { startFront, type Front } from './front.ts';

export type FakeHarbor = Front & {
  /** The metadata of projects by name. */
  projects: Map<string, Record<string, string>>;
};

type Options = {
  users: Record<string, string>;
  /** Who may create projects; everybody by default. */
  mayCreate?: (user: string) => boolean;
};

/** @param registry one that asks for tokens, or for nothing */
export async function startHarbor(
  registry: RunningRegistry,
  { users, mayCreate = () => true }: Options,
): Promise<FakeHarbor> {
  const projects: FakeHarbor['projects'] = new Map();
  const front = await startFront(registry, async (request, response) => {
    const url = new URL(request.url ?? '', 'http://harbor');
    if (url.pathname === '/api/v2.0/projects') return answerApi(request, response, url);
    const [, project] = /^\/v2\/([^/]+)\/./.exec(url.pathname) ?? [];
    // HEAD without a login is told to log in first, project or not
    if (project === undefined || projects.has(project)) return false;
    if (request.method === 'HEAD' && request.headers.authorization === undefined) return false;
    const message = `project ${project} not found`;
    response
      .writeHead(401, { 'www-authenticate': '', 'content-type': 'application/json' })
      .end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message }] }));
    return true;
  });
  return { ...front, projects };

  async function answerApi(request: http.IncomingMessage, response: http.ServerResponse, url: URL): Promise<true> {
    const user = userOf(request);
    const end = (status: number, code: string) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(request.method === 'HEAD' ? undefined : JSON.stringify({ errors: [{ code, message: 'of the fake' }] }));
    if (user === undefined) end(401, 'UNAUTHORIZED');
    else if (request.method === 'HEAD')
      end(projects.has(url.searchParams.get('project_name') ?? '') ? 200 : 404, 'NOT_FOUND');
    else if (!mayCreate(user)) end(403, 'FORBIDDEN');
    else {
      const { project_name: name, metadata } = JSON.parse(await text(request));
      if (projects.has(name)) end(409, 'CONFLICT');
      else response.writeHead(201, { location: `/api/v2.0/projects/${name}` }).end();
      if (!projects.has(name)) projects.set(name, metadata);
    }
    return true;
  }

  function userOf({ headers }: http.IncomingMessage): string | undefined {
    const [, encoded = ''] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? [];
    const [user = '', password] = Buffer.from(encoded, 'base64').toString().split(':');
    return password !== undefined && users[user] === password ? user : undefined;
  }
}
