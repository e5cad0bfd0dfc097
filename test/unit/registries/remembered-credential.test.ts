// When a credential of the configuration is loaded, and when anew.
import { expect, test } from 'vitest';
import type { Credential } from '../../../shared/oci/auth/credential.ts';
import { createLogins } from '../../../shared/oci/auth/login.ts';
import { rememberedCredential } from '../../../shared/registries/remembered-credential.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

const REGISTRY = 'registry.acme.io';

function bed(lifeMs?: number) {
  const clock = { now: 1_000 };
  let loads = 0;
  const load = (): Promise<Credential> => {
    loads += 1;
    const renewAt = lifeMs === undefined ? {} : { renewAt: new Date(clock.now + lifeMs) };
    return Promise.resolve({ kind: 'basic', username: 'alice', password: new Secret(`password ${loads}`), ...renewAt });
  };
  const source = rememberedCredential(load, () => clock.now);
  return { clock, source, loads: () => loads };
}

test('once for all that ask', async () => {
  const { source, loads } = bed();
  const [one, other] = await Promise.all([source({ registry: REGISTRY }), source({ registry: REGISTRY })]);
  expect([one === other, loads()]).toEqual([true, 1]);
});

test('anew after a refusal, once for all that were refused together', async () => {
  const { source, loads } = bed();
  const refused = await source({ registry: REGISTRY });
  const [one, other] = await Promise.all([
    source({ registry: REGISTRY, refused }),
    source({ registry: REGISTRY, refused }),
  ]);
  expect([one === other, loads()]).toEqual([true, 2]);
  // whoever comes late with the old one gets what is there by now
  expect(await source({ registry: REGISTRY, refused })).toBe(one);
  expect(loads()).toBe(2);
});

test('anew when its time is over, once for all', async () => {
  const { source, clock, loads } = bed(60_000);
  await source({ registry: REGISTRY });
  clock.now += 59_999;
  await source({ registry: REGISTRY });
  expect(loads()).toBe(1);
  clock.now += 1;
  await Promise.all([source({ registry: REGISTRY }), source({ registry: REGISTRY })]);
  expect(loads()).toBe(2);
});

test('a failure is not remembered', async () => {
  let fails = true;
  const source = rememberedCredential(() =>
    fails ? Promise.reject(new Error('not now')) : Promise.resolve({ kind: 'anonymous' }),
  );
  await expect(source({ registry: REGISTRY })).rejects.toThrow('not now');
  fails = false;
  expect(await source({ registry: REGISTRY })).toEqual({ kind: 'anonymous' });
});

test('a registry client asks again when the time is over, without a refusal', async () => {
  const { source, clock, loads } = bed(60_000);
  const logins = createLogins(REGISTRY, source, () => clock.now);
  const first = await logins.current('a');
  expect(await logins.current('a')).toBe(first);
  clock.now += 60_000;
  const second = await logins.current('a');
  expect([second === first, second.identity === first.identity, loads()]).toEqual([false, false, 2]);
});
