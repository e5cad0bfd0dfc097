// The login of copies by an issuer on a clock of the test: one call for all, renewed at half of its life, kept while it is good.
import { expect, test } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import { credentialsOf } from '../../../shared/registries/credentials-of.ts';
import type { IssuedCredential, Issuer } from '../../../shared/registries/issuer.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { uniqueSecret } from '../../support/issuers/secrets.ts';

const HOUR_MS = 3_600_000;
const registry = 'a.io';

function bed(lifeMs: number | undefined) {
  const state = { time: 0, issued: 0, failure: undefined as Error | undefined };
  const issuer: Issuer = {
    id: 'x',
    hosts: [registry],
    async issue(): Promise<IssuedCredential> {
      await Promise.resolve();
      state.issued += 1;
      if (state.failure !== undefined) throw state.failure;
      return {
        username: `u${state.issued}`,
        secret: new Secret(uniqueSecret('issued')),
        issuedAt: new Date(state.time),
        ...(lifeMs === undefined ? {} : { expiresAt: new Date(state.time + lifeMs) }),
        identity: 'me',
      };
    },
  };
  return { state, source: credentialsOf(issuer, () => state.time) };
}

const nameOf = (credential: object) => ('username' in credential ? credential.username : undefined);
const outage = new TransshipError('registry-unavailable', 'down', { retryable: true });

test('one call serves all that ask at once', async () => {
  const { state, source } = bed(HOUR_MS);
  const logins = await Promise.all(Array.from({ length: 20 }, () => source({ registry })));
  expect(state.issued).toBe(1);
  expect(new Set(logins).size).toBe(1);
  expect(logins[0]).toMatchObject({ kind: 'basic', username: 'u1', renewAt: new Date(HOUR_MS / 2) });
});

test('it is issued anew at half of its life', async () => {
  const { state, source } = bed(HOUR_MS);
  await source({ registry });
  state.time = HOUR_MS / 2 - 1;
  expect(nameOf(await source({ registry }))).toBe('u1');
  state.time = HOUR_MS / 2;
  const renewed = await Promise.all([source({ registry }), source({ registry })]);
  expect(renewed.map(nameOf)).toEqual(['u2', 'u2']);
});

test('one without an end is kept until it is refused', async () => {
  const { state, source } = bed(undefined);
  const first = await source({ registry });
  expect(first).not.toHaveProperty('renewAt');
  state.time = 1000 * HOUR_MS;
  expect(await source({ registry })).toBe(first);
  const renewed = await Promise.all(Array.from({ length: 5 }, () => source({ registry, refused: first })));
  expect(renewed.map(nameOf)).toEqual(Array.from({ length: 5 }, () => 'u2'));
  // a late request that was refused with the first one takes what is there
  expect(nameOf(await source({ registry, refused: first }))).toBe('u2');
  expect(state.issued).toBe(2);
});

test('an outage at half of the life changes nothing before its end, and is asked about again after a while', async () => {
  const { state, source } = bed(HOUR_MS);
  await source({ registry });
  state.failure = outage;
  state.time = 0.6 * HOUR_MS;
  expect(await source({ registry })).toMatchObject({ username: 'u1', renewAt: new Date(state.time + 30_000) });
  await source({ registry });
  expect(state.issued).toBe(2);
  state.time += 30_000;
  state.failure = undefined;
  expect(nameOf(await source({ registry }))).toBe('u3');
});

test('an outage past its end is told', async () => {
  const { state, source } = bed(HOUR_MS);
  await source({ registry });
  state.failure = outage;
  state.time = HOUR_MS;
  await expect(source({ registry })).rejects.toBe(outage);
});

test('a refused one is not handed out again while no new one can be had', async () => {
  const { state, source } = bed(HOUR_MS);
  const refused = await source({ registry });
  state.failure = outage;
  await expect(source({ registry, refused })).rejects.toBe(outage);
});

test('a registry that refuses the new one, too, does not make each request ask the cloud for another one', async () => {
  const { state, source } = bed(HOUR_MS);
  const first = await source({ registry });
  const second = await source({ registry, refused: first });
  for (let request = 0; request < 10; request += 1) {
    expect(await source({ registry, refused: second })).toBe(second);
  }
  expect(state.issued).toBe(2);
  state.time += 30_000;
  expect(nameOf(await source({ registry, refused: second }))).toBe('u3');
});
