// A copy into a Harbor project that is not there: made once where the configuration allows it, told clearly where it does not.
import { afterEach, expect, test } from 'vitest';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import { runCopy, type CopyRun, type CopyRunOptions } from '../../support/copy-run.ts';
import { startHarbor, type FakeHarbor } from '../../support/harbor.ts';
import { plantSimpleImage } from '../../support/planted-content.ts';
import { registriesOf } from '../../support/registries-of.ts';

const USERS = { robot$mirror: 'robot-password', guest: 'guest-password' };
const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

type Bed = { source: RunningRegistry; behind: RunningRegistry; harbor: FakeHarbor };

async function bed(auth = true): Promise<Bed> {
  const source = await startRegistry();
  const behind = await startRegistry(auth ? { auth: { kind: 'token', users: USERS } } : {});
  const harbor = await startHarbor(behind, { users: USERS, mayCreate: (user) => user !== 'guest' });
  open.push(
    () => source.stop(),
    () => behind.stop(),
    () => harbor[Symbol.asyncDispose](),
  );
  await plantSimpleImage({ registry: source, repository: 'app' }, { tag: 'v1', layers: ['a', 'b', 'c'] });
  return { source, behind, harbor };
}

async function copy({ source, harbor }: Bed, entry: string, options: CopyRunOptions = {}): Promise<CopyRun> {
  const registries = registriesOf(`"${harbor.host}": { kind: harbor, ${entry} }`, {
    env: { PASSWORD: 'robot-password', GUEST: 'guest-password' },
  });
  open.push(() => registries.close());
  const clients = { [harbor.host]: registries.client(harbor.host) };
  return runCopy(`${source.host}/app:v1`, [`${harbor.host}/team/deep/app:v1`], { ...options, clients });
}

const LOGIN = 'credential: { username: "robot$mirror", password: { env: PASSWORD } }';
const creations = ({ requests }: FakeHarbor) => requests.filter((one) => one.startsWith('POST /api/')).length;

test('it is made once, private, and the copy goes on', async () => {
  const at = await bed();
  const { target } = await copy(at, `${LOGIN}, createRepository: {}`);
  expect(target).toMatchObject({ state: 'copied', blobs: { copied: 4 } });
  expect(at.harbor.projects).toEqual(new Map([['team', { public: 'false' }]]));
  expect(creations(at.harbor)).toBe(1);
  expect(at.behind.catalog.get('team/deep/app')?.tags.get('v1')).toBe(target?.digest);
});

test('with the settings of the configuration', async () => {
  const at = await bed();
  await copy(at, `${LOGIN}, createRepository: { public: true, scanOnPush: true }`);
  expect(at.harbor.projects.get('team')).toEqual({ public: 'true', auto_scan: 'true' });
});

test('one that is there is left as it is', async () => {
  const at = await bed();
  at.harbor.projects.set('team', { public: 'true' });
  expect((await copy(at, `${LOGIN}, createRepository: {}`)).target?.state).toBe('copied');
  expect(at.harbor.projects.get('team')).toEqual({ public: 'true' });
  expect(at.harbor.requests.filter((one) => one.includes('/api/'))).toEqual([]);
});

test('a dry run makes nothing', async () => {
  const at = await bed();
  const { target } = await copy(at, `${LOGIN}, createRepository: {}`, { dryRun: true });
  expect(target?.state).toBe('planned');
  expect(at.harbor.projects.size).toBe(0);
});

test('without createRepository it is not made', async () => {
  const at = await bed();
  const { target } = await copy(at, LOGIN);
  expect(target).toMatchObject({ state: 'failed', error: { code: 'unauthorized', registry: at.harbor.host } });
  expect(at.harbor.requests.filter((one) => one.includes('/api/'))).toEqual([]);
});

test('a login that may not make it is told what it lacks', async () => {
  const at = await bed();
  const guest = 'credential: { username: guest, password: { env: GUEST } }, createRepository: {}';
  const { target } = await copy(at, guest);
  expect(target?.error).toMatchObject({
    code: 'denied',
    registry: at.harbor.host,
    repository: 'team/deep/app',
    operation: 'create project team',
    hint: expect.stringContaining('Create project'),
  });
});

test('a wrong password is no missing project', async () => {
  const at = await bed();
  const wrong = 'credential: { username: "robot$mirror", password: { env: GUEST } }, createRepository: {}';
  const { target } = await copy(at, wrong);
  expect(target?.error).toMatchObject({ code: 'unauthorized' });
  expect(creations(at.harbor)).toBe(0);
});
