// Robot accounts of Harbor by its API: found by their names, with their ends, and given new secrets.
// https://github.com/goharbor/harbor/blob/main/api/v2.0/swagger.yaml
import { isTransshipError, TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import { isObject, objectsIn } from './tag-digest-pages.ts';
import { unusableAnswer, type ApiAnswer, type VendorApi } from './vendor-api.ts';

export type RobotAccount = {
  id: number;
  /** On this machine's clock; absent: never. */
  endsAt?: Date;
  isDisabled: boolean;
};

/** Who asks, and of which registry. */
export type RobotAsker = {
  registry: string;
  api: VendorApi;
  login: { username: string; password: string };
  now: () => number;
  signal?: AbortSignal | undefined;
};

const PAGE_SIZE = 100;
const MOST_PAGES = 100;

/** The robots with these full names (`robot$project+name`, `robot$name`), and what the server's clock shows. @throws TransshipError not-found */
export async function findRobots(
  asker: RobotAsker,
  names: readonly string[],
): Promise<{ robots: RobotAccount[]; clockAt: Date }> {
  const found = new Map<string, RobotAccount>();
  let clockAt = new Date(asker.now());
  for (const project of new Set(names.map(projectOf))) {
    const query = project === undefined ? '' : `&q=${await projectQuery(asker, project)}`;
    clockAt = await listRobots(asker, query, found);
  }
  const robots = names.map((name) => {
    const robot = found.get(name);
    if (robot !== undefined) return robot;
    throw new TransshipError('not-found', `${asker.registry}: there is no robot account ${name}`, {
      hint: 'write its full name as Harbor shows it: robot$project+name, or robot$name for one of the system',
      details: { registry: asker.registry, operation: 'look up robot accounts' },
    });
  });
  return { robots, clockAt };
}

/** Adds those of one list, and gives back what the server's clock shows. */
async function listRobots(asker: RobotAsker, query: string, found: Map<string, RobotAccount>): Promise<Date> {
  for (let page = 1; ; page += 1) {
    const { json, clockAt } = await ask(asker, `/api/v2.0/robots?page=${page}&page_size=${PAGE_SIZE}${query}`);
    const listed = objectsIn(json);
    if (listed === undefined) throw unusable(asker, 'the list of robot accounts has not the documented shape');
    for (const robot of listed) add(found, asker, robot, clockAt);
    if (listed.length < PAGE_SIZE || page >= MOST_PAGES) return clockAt;
  }
}

/** When a robot ends, asked as itself: most may not look, and then nothing is known. */
export async function robotEnd(asker: RobotAsker): Promise<Date | undefined> {
  try {
    const { robots } = await findRobots(asker, [asker.login.username]);
    return robots[0]?.endsAt;
  } catch (error) {
    if (isTransshipError(error) && error.code !== 'interrupted') return undefined;
    throw error;
  }
}

/** Sets the secret of a robot; the same one again changes nothing. */
export async function setRobotSecret(asker: RobotAsker, id: number, secret: Secret): Promise<void> {
  await asker.api.send({
    ...callOf(asker),
    operation: 'give a robot account its secret',
    method: 'PATCH',
    path: `/api/v2.0/robots/${id}`,
    body: { secret: secret.reveal() },
    expect: [200],
    replayable: true,
  });
}

/** `robot$project+name` is one of a project; the prefix is a setting of Harbor, and has no "+". */
function projectOf(name: string): string | undefined {
  const [whole, project] = /^[^+]*?\$([^$+]+)\+/.exec(name) ?? [];
  return whole === undefined ? undefined : project;
}

async function projectQuery(asker: RobotAsker, project: string): Promise<string> {
  const { json } = await ask(asker, `/api/v2.0/projects/${encodeURIComponent(project)}`, {
    'x-is-resource-name': 'true',
  });
  const id = isObject(json) ? json['project_id'] : undefined;
  if (typeof id !== 'number') throw unusable(asker, `project ${project} has no ID`);
  return encodeURIComponent(`Level=project,ProjectID=${id}`);
}

function add(found: Map<string, RobotAccount>, asker: RobotAsker, robot: Record<string, unknown>, clockAt: Date): void {
  const { id, name, expires_at: stated, disable } = robot;
  if (typeof id !== 'number' || typeof name !== 'string') throw unusable(asker, 'a robot account has no ID');
  // Seconds since the epoch by Harbor's clock, -1 for never.
  const endsAt =
    typeof stated === 'number' && stated > 0
      ? { endsAt: new Date(stated * 1000 - clockAt.getTime() + asker.now()) }
      : {};
  found.set(name, { id, isDisabled: disable === true, ...endsAt });
}

function ask(asker: RobotAsker, path: string, headers: Record<string, string> = {}): Promise<ApiAnswer> {
  const call = callOf(asker);
  return asker.api.send({
    ...call,
    operation: 'look up robot accounts',
    method: 'GET',
    path,
    headers: { ...call.headers, ...headers },
    expect: [200],
  });
}

function callOf({ login: { username, password }, signal }: RobotAsker) {
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  return {
    headers: { authorization: new Secret(`Basic ${basic}`) },
    hints: { denied: `${username} must be allowed to list and update robot accounts` },
    ...(signal === undefined ? {} : { signal }),
  };
}

function unusable({ registry, api }: RobotAsker, reason: string): TransshipError {
  return unusableAnswer({ registry, host: api.host, operation: 'look up robot accounts', reason });
}
