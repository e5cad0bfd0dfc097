// Deploy tokens of GitLab: made with an end, found again by their names, taken away once a newer one was there for long enough.
import { afterEach, describe, expect, test } from 'vitest';
import type { FakeGitlab } from '../../support/issuers/gitlab.ts';
import { issuersOf } from '../../support/issuers/issuers-of.ts';
import { gitlabBed, lifeOf } from '../../support/issuers/vendor-beds.ts';

const DAY_MS = 24 * 3_600_000;
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function gitlab() {
  const bed = await gitlabBed();
  open.push(() => bed.fake[Symbol.asyncDispose]());
  return bed;
}

describe('deploy tokens of GitLab', () => {
  test('are made with an end, by a name that tells when', async () => {
    const { fake, issuer } = await gitlab();
    const issued = await issuer.issue();
    expect(issued.username).toBe('gitlab+deploy-token-1');
    expect(issued.secret.reveal()).toBe(fake.secrets[0]);
    expect(fake.deployTokens[0]?.name).toMatch(/^prod-\d{8}T\d{6}Z$/);
    expect(lifeOf(issued)).toBeGreaterThan(28 * DAY_MS);
    expect(lifeOf(issued)).toBeLessThanOrEqual(30 * DAY_MS);
    expect(issued.expiresAt?.getTime()).toBeCloseTo(Date.parse(fake.deployTokens[0]?.expires_at ?? ''), -4);
    expect(fake.calls.at(-1)?.body).toMatchObject({ scopes: ['read_registry'] });
  });

  test('those that a newer one followed long ago go; what others made, and what is young, stays', async () => {
    const { fake, issuer } = await gitlab();
    const days = [40, 30, 20, 3];
    for (const age of days) plant(fake, `prod-${stamp(Date.now() - age * DAY_MS)}`);
    plant(fake, 'by hand');
    for (const name of ['production', 'test']) plant(fake, `${name}-${stamp(Date.now() - 90 * DAY_MS)}`);
    await issuer.issue();
    const left = fake.deployTokens.filter(({ revoked }) => !revoked).map(({ id }) => id);
    // the one of 20 days ago is the last that is older than the grace: who has it may be told of the next one only now
    expect(left).toEqual([3, 4, 5, 6, 7, 8]);
  });

  test('one that a cluster still holds stays, however old', async () => {
    const { fake, issuer } = await gitlab();
    plant(fake, `prod-${stamp(Date.now() - 25 * DAY_MS)}`, Date.now() + 5 * DAY_MS);
    plant(fake, `prod-${stamp(Date.now() - 15 * DAY_MS)}`, Date.now() + 15 * DAY_MS);
    await issuer.issue({
      inUse: () => Promise.resolve([new Date(Date.parse(fake.deployTokens[0]?.expires_at ?? ''))]),
    });
    expect(fake.deployTokens.filter(({ revoked }) => revoked)).toEqual([]);
    await issuer.issue({ inUse: () => Promise.resolve([]) });
    expect(fake.deployTokens.filter(({ revoked }) => revoked).map(({ id }) => id)).toEqual([1]);
  });

  test('one that clusters have not renewed yet stays, though a newer one was made for a single Namespace long ago', async () => {
    const { fake, issuer } = await gitlab();
    // of 30 days: renewed after 18 of them at the latest, and 7 more are the grace
    plant(fake, `prod-${stamp(Date.now() - 10 * DAY_MS)}`, Date.now() + 20 * DAY_MS);
    plant(fake, `prod-${stamp(Date.now() - 9 * DAY_MS)}`, Date.now() + 21 * DAY_MS);
    await issuer.issue();
    expect(fake.deployTokens.filter(({ revoked }) => revoked)).toEqual([]);
  });

  test('a token that a crash left behind is found by its name, and goes with the older ones', async () => {
    const { fake, issuer, entry, env } = await gitlab();
    const controller = new AbortController();
    const crashed = issuer.issue({ signal: controller.signal }).catch(() => undefined);
    await expect.poll(() => fake.deployTokens.length).toBe(1);
    controller.abort();
    await crashed;
    await issuer.issue();
    expect(fake.deployTokens).toHaveLength(2);
    const later = Date.now() + 26 * DAY_MS;
    fake.skewMs = 26 * DAY_MS;
    // the second and the third are older than the grace by then: the first has long been followed
    const [first, second] = fake.deployTokens;
    if (first !== undefined) first.name = `prod-${stamp(Date.now() - 1000)}`;
    if (second !== undefined) second.name = `prod-${stamp(Date.now())}`;
    await issuersOf(entry, { env, now: () => later })
      .of('registry.acme.test')
      .issue();
    expect(fake.deployTokens.map(({ revoked }) => revoked)).toEqual([true, false, false]);
  });

  test('a loop that makes more and more is stopped', async () => {
    const { fake, issuer } = await gitlab();
    for (let index = 0; index < 20; index += 1) plant(fake, `prod-${stamp(Date.now() - index * 60_000)}`);
    await expect(issuer.issue()).rejects.toMatchObject({
      code: 'conflict-refused',
      hint: expect.stringContaining('again and again'),
    });
    expect(fake.deployTokens).toHaveLength(20);
  });

  test('which GitLab a registry of its own belongs to must be said', () => {
    const entry =
      'registry.acme.io: { kind: gitlab, credential: { gitlabDeployToken: { project: a/b, token: { env: T } } } }';
    expect(() => issuersOf(entry).of('registry.acme.io')).toThrow(
      /which GitLab makes the deploy tokens for registry.acme.io/,
    );
  });
});

function plant(fake: FakeGitlab, name: string, endsAt = Date.now() + DAY_MS): void {
  const id = fake.deployTokens.length + 1;
  const end = new Date(endsAt).toISOString().slice(0, 10);
  fake.deployTokens.push({
    id,
    name,
    username: `gitlab+deploy-token-${id}`,
    expires_at: `${end}T00:00:00.000Z`,
    revoked: false,
    expired: false,
  });
}

function stamp(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
