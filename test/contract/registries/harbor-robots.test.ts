// Secrets of robot accounts of Harbor: by turns, the same from every process, and never that of the robot in use.
import { afterEach, describe, expect, test } from 'vitest';
import { startHarborRobots, type FakeRobot } from '../../support/issuers/harbor-robots.ts';
import { issuersOf } from '../../support/issuers/issuers-of.ts';
import { uniqueSecret } from '../../support/issuers/secrets.ts';
import { harborBed, lifeOf, ROBOTS } from '../../support/issuers/vendor-beds.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function harbor() {
  const bed = await harborBed();
  open.push(() => bed.fake[Symbol.asyncDispose]());
  return bed;
}

describe('two robots of Harbor', () => {
  const at = (time: number) => ({ now: () => time, skewTo: time - Date.now() });

  test('get a secret by turns: every process makes the same, as often as it likes', async () => {
    const { fake, entry, env } = await harbor();
    const first = await issuersOf(entry, { env }).of(fake.host).issue();
    const again = await issuersOf(entry, { env }).of(fake.host).issue();
    expect(again.secret.reveal()).toBe(first.secret.reveal());
    expect(again.username).toBe(first.username);
    const robot = fake.robots.find(({ name }) => name === first.username);
    expect(robot?.secret).toBe(first.secret.reveal());
    expect(fake.robots.filter(({ secret }) => secret !== '')).toHaveLength(1);
  });

  test('the one in use stays as it is until its credential has ended', async () => {
    const { fake, entry, env } = await harbor();
    const start = Math.ceil(Date.now() / (14 * DAY_MS)) * 14 * DAY_MS;
    const held: { username: string; secret: string; until: number }[] = [];
    for (let time = start; time < start + 60 * DAY_MS; time += 12 * HOUR_MS) {
      const { now, skewTo } = at(time);
      fake.skewMs = skewTo;
      const issued = await issuersOf(entry, { env, now }).of(fake.host).issue();
      held.push({ username: issued.username, secret: issued.secret.reveal(), until: issued.expiresAt?.getTime() ?? 0 });
      expect(lifeOf(issued)).toBeGreaterThan(7 * DAY_MS - 10_000);
      for (const { username, secret } of held.filter(({ until }) => until > time + 10_000)) {
        expect(fake.robots.find(({ name }) => name === username)?.secret).toBe(secret);
      }
    }
    expect(new Set(held.map(({ username }) => username))).toEqual(new Set(ROBOTS));
  });

  test('a crash between the call and its answer leaves what the next run makes anyway', async () => {
    const { fake, issuer } = await harbor();
    const controller = new AbortController();
    const answered = issuer.issue({ signal: controller.signal }).catch((error: unknown) => error);
    await expect.poll(() => fake.calls.length).toBeGreaterThan(0);
    controller.abort();
    await answered;
    const issued = await issuer.issue();
    expect(fake.robots.find(({ name }) => name === issued.username)?.secret).toBe(issued.secret.reveal());
  });

  test('the end of a robot is the end of its credential, and is warned of', async () => {
    const { fake, issuer } = await harbor();
    for (const robot of fake.robots) robot.expires_at = Math.floor(Date.now() / 1000) + 3 * 24 * 3600;
    const issued = await issuer.issue();
    expect(lifeOf(issued)).toBeLessThanOrEqual(3 * DAY_MS);
    expect(issued.warnings).toEqual([
      expect.stringMatching(/pull-a of .* ends in [23] days/),
      expect.stringContaining('pull-b'),
    ]);
  });

  const SPOILT: [what: string, spoil: (robot: FakeRobot) => void, code: string, message: RegExp][] = [
    ['a disabled robot', (robot) => (robot.disable = true), 'denied', /disabled/],
    ['a robot that ended', (robot) => (robot.expires_at = 1_000), 'unauthorized', /ended at 1970/],
    ['a robot of another name', (robot) => (robot.name += '-x'), 'not-found', /no robot account robot\$team\+pull-a/],
  ];
  test.each(SPOILT)('%s gives no credential', async (_, spoil, code, message) => {
    const { fake, issuer } = await harbor();
    for (const robot of fake.robots) spoil(robot);
    await expect(issuer.issue()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('a short key is refused', async () => {
    const { fake, entry, env } = await harbor();
    const issuer = issuersOf(entry, { env: { ...env, ROTATION: 'short' } }).of(fake.host);
    await expect(issuer.issue()).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining('too short'),
    });
    expect(fake.calls).toEqual([]);
  });
});

describe('a single robot of Harbor', () => {
  test('has its end looked up where it may look; most may not, and then it is issued all the same', async () => {
    const fake = await startHarborRobots(['robot$puller']);
    const password = uniqueSecret('robot');
    for (const robot of fake.robots) robot.secret = password;
    const entry = `"${fake.host}": { kind: harbor, plainHttp: true, credential: { username: "robot$puller", password: { env: P } } }`;
    open.push(() => fake[Symbol.asyncDispose]());
    const issuer = issuersOf(entry, { env: { P: password } }).of(fake.host);
    const issued = await issuer.issue();
    expect(issued.username).toBe('robot$puller');
    expect(issued).not.toHaveProperty('expiresAt');
    expect(fake.calls).toHaveLength(1);
    fake.fault = 500;
    expect((await issuer.issue()).secret.reveal()).toBe(password);
  });
});
