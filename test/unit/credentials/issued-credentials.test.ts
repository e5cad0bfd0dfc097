// The cache of issued credentials: one call for each identity, half of a life, what stays when a provider fails, and no storm of calls.
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { issuedCredentials, type IssuedCredentials } from '../../../shared/credentials/issued-credentials.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { IssuedCredential, Issuer } from '../../../shared/registries/issuer.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

const MINUTE = 60_000;

type Provider = Issuer & { calls: number; lifeMs: number | undefined; failing: Error | undefined };

function bed() {
  const time = { now: Date.parse('2026-11-21T12:00:00Z'), slept: 0 };
  const credentials = issuedCredentials({
    now: () => time.now,
    random: () => 0.5,
    sleep: async (ms) => {
      time.slept += ms;
      time.now += ms;
    },
  });
  const provider = (fields: Partial<Provider> = {}): Provider => {
    const one: Provider = {
      id: 'aws 123456789012 eu-west-1',
      hosts: ['123456789012.dkr.ecr.eu-west-1.amazonaws.com'],
      calls: 0,
      lifeMs: 720 * MINUTE,
      failing: undefined,
      async issue() {
        one.calls += 1;
        if (one.failing !== undefined) throw one.failing;
        const issuedAt = new Date(time.now);
        return {
          username: 'AWS',
          secret: new Secret(`canary-issued-${randomUUID()}`),
          issuedAt,
          ...(one.lifeMs === undefined ? {} : { expiresAt: new Date(issuedAt.getTime() + one.lifeMs) }),
          identity: 'arn:aws:iam::123456789012:role/pull',
        } satisfies IssuedCredential;
      },
      ...fields,
    };
    return one;
  };
  return { time, credentials, provider };
}

const unavailable = (retryAfterMs?: number) =>
  new TransshipError('registry-unavailable', '503', {
    retryable: true,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
const issue = (credentials: IssuedCredentials, issuer: Issuer) => credentials.cycle().issue(issuer);

describe('one identity', () => {
  test('is asked for once by all that want it at the same time, in whatever run', async () => {
    const { credentials, provider } = bed();
    const one = provider();
    const run = credentials.cycle();
    const all = await Promise.all([
      run.issue(one),
      run.issue({ ...one }),
      issue(credentials, one),
      issue(credentials, one),
    ]);
    expect(one.calls).toBe(1);
    expect(new Set(all.map(({ credential }) => credential)).size).toBe(1);
  });

  test('is good until half of its life, when Secrets are due, and asked for anew from then on', async () => {
    const { credentials, provider, time } = bed();
    const one = provider();
    await issue(credentials, one);
    time.now += 360 * MINUTE - 2001;
    await issue(credentials, one);
    expect(one.calls).toBe(1);
    time.now += 2001;
    await issue(credentials, one);
    expect(one.calls).toBe(2);
  });

  test('without an end is asked for again after half a day', async () => {
    const { credentials, provider, time } = bed();
    const one = provider({ lifeMs: undefined });
    await issue(credentials, one);
    time.now += 12 * 60 * MINUTE - 1;
    await issue(credentials, one);
    expect(one.calls).toBe(1);
    time.now += 1;
    await issue(credentials, one);
    expect(one.calls).toBe(2);
  });

  test('is issued anew by a run that is forced, once', async () => {
    const { credentials, provider } = bed();
    const one = provider();
    await issue(credentials, one);
    const run = credentials.cycle({ isForced: true });
    await Promise.all([run.issue(one), run.issue(one)]);
    await run.issue(one);
    expect(one.calls).toBe(2);
  });

  test('is renewed once in a run when registries say that it is over', async () => {
    const { credentials, provider } = bed();
    const one = provider();
    const run = credentials.cycle();
    const { credential: first } = await run.issue(one);
    if (first === undefined) throw new Error('there is one');
    const [second, same] = await Promise.all([run.renew(one, first), run.renew(one, first)]);
    expect(same.credential).toBe(second.credential);
    expect(second.credential).not.toBe(first);
    if (second.credential === undefined) throw new Error('there is one');
    expect((await run.renew(one, second.credential)).credential).toBe(second.credential);
    expect(one.calls).toBe(2);
  });
});

describe('a provider that fails', () => {
  test('leaves the old one in use for as long as it lives, and says why there is no new one', async () => {
    const { credentials, provider, time } = bed();
    const one = provider();
    const { credential } = await issue(credentials, one);
    one.failing = unavailable();
    time.now += 400 * MINUTE;
    const degraded = await issue(credentials, one);
    expect(degraded).toMatchObject({ credential, problem: { error: { code: 'registry-unavailable' } } });
    time.now += 320 * MINUTE;
    expect((await issue(credentials, one)).credential).toBeUndefined();
  });

  test('is asked twice in a run where it may pass, and then left alone for longer and longer', async () => {
    const { credentials, provider, time } = bed();
    const one = provider({ failing: unavailable() });
    const waits: number[] = [];
    for (let run = 1; run <= 4; run += 1) {
      const { problem } = await issue(credentials, one);
      if (problem === undefined) throw new Error('it fails');
      expect(one.calls).toBe(run * 2);
      await Promise.all(Array.from({ length: 50 }, () => issue(credentials, one)));
      expect(one.calls).toBe(run * 2);
      waits.push(problem.retryAt.getTime() - time.now);
      time.now = problem.retryAt.getTime();
    }
    expect(waits).toEqual([2000, 4000, 8000, 16_000]);
    one.failing = undefined;
    expect(await issue(credentials, one)).toHaveProperty('credential');
  });

  test('is asked again no earlier than it wants', async () => {
    const { credentials, provider, time } = bed();
    const one = provider({
      failing: new TransshipError('too-many-requests', '429', { retryable: true, retryAfterMs: 90_000 }),
    });
    const { problem } = await issue(credentials, one);
    expect(one.calls).toBe(1);
    expect(problem?.retryAt.getTime()).toBe(time.now + 90_000);
  });

  test.each(['denied', 'unauthorized', 'invalid-config'] as const)(
    'for good (%s) is asked once in five minutes',
    async (code) => {
      const { credentials, provider, time } = bed();
      const one = provider({ failing: new TransshipError(code, 'no') });
      for (let run = 0; run < 100; run += 1) await issue(credentials, one);
      expect(one.calls).toBe(1);
      time.now += 5 * MINUTE;
      await issue(credentials, one);
      expect(one.calls).toBe(2);
    },
  );

  test('does not keep others from theirs', async () => {
    const { credentials, provider } = bed();
    const bad = provider({ id: 'bad', failing: unavailable() });
    const run = credentials.cycle();
    const [, good] = await Promise.all([run.issue(bad), run.issue(provider({ id: 'good' }))]);
    expect(good).toHaveProperty('credential');
  });

  test('with an error of no known kind tells nothing of what it says', async () => {
    const { credentials, provider } = bed();
    const canary = `canary-body-${randomUUID()}`;
    const { problem } = await issue(
      credentials,
      provider({ failing: new SyntaxError(`Unexpected token in ${canary}`) }),
    );
    expect(problem?.error.code).toBe('internal');
    expect(inspect(problem, { depth: 9 })).not.toContain(canary);
  });
});

describe('an answer', () => {
  test.each([
    ['an empty password', { secret: new Secret('') }],
    ['blanks as password', { secret: new Secret(' \n') }],
    ['no user', { username: '' }],
    ['a time that is none', { expiresAt: new Date('soon') }],
    ['an end before its beginning', { expiresAt: new Date(0) }],
  ])('with %s never takes the place of a good one', async (_, wrong) => {
    const { credentials, provider, time } = bed();
    const one = provider();
    const { credential } = await issue(credentials, one);
    const right = one.issue.bind(one);
    one.issue = async () => ({ ...(await right()), ...wrong });
    time.now += 400 * MINUTE;
    expect(await issue(credentials, one)).toMatchObject({
      credential,
      problem: { error: { code: 'invalid-response' } },
    });
  });

  test('that will not last is asked for once more, and used with a warning', async () => {
    const { credentials, provider, time } = bed();
    const one = provider({ lifeMs: 4 * MINUTE });
    const short = await issue(credentials, one);
    expect(one.calls).toBe(2);
    expect(short).toMatchObject({ credential: {}, problem: { error: { message: expect.stringContaining('4 min') } } });
    expect(await issue(credentials, one)).toMatchObject(short);
    expect(one.calls).toBe(2);
    time.now += 2 * MINUTE;
    one.lifeMs = 60 * MINUTE;
    expect(await issue(credentials, one)).not.toHaveProperty('problem');
  });
});

test('who is cut off waits no longer, and the call goes on for the others', async () => {
  const { credentials, provider } = bed();
  const one = provider();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const right = one.issue.bind(one);
  one.issue = async () => {
    await gate;
    return right();
  };
  const cut = new AbortController();
  const mine = credentials.cycle({ signal: cut.signal }).issue(one);
  const others = issue(credentials, one);
  cut.abort(new TransshipError('interrupted', 'over'));
  await expect(mine).rejects.toMatchObject({ code: 'interrupted' });
  open();
  expect(await others).toHaveProperty('credential');
  expect(one.calls).toBe(1);
});
