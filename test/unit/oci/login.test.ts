// When a credential is loaded, shared and loaded again.
import { expect, test } from 'vitest';
import { createLogins } from '../../../shared/oci/auth/login.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

function countingLogins() {
  const asked: { registry: string; repository?: string }[] = [];
  const logins = createLogins('registry.acme.io', async (scope) => {
    asked.push(scope);
    return { kind: 'basic', username: 'alice', password: new Secret(`password ${asked.length}`) };
  });
  return { asked, logins };
}

test('loads a login once for each repository, however many wait for it', async () => {
  const { asked, logins } = countingLogins();
  await Promise.all([logins.current('a'), logins.current('a'), logins.current('b'), logins.current(undefined)]);
  await logins.current('a');
  expect(asked).toEqual([
    { registry: 'registry.acme.io', repository: 'a' },
    { registry: 'registry.acme.io', repository: 'b' },
    { registry: 'registry.acme.io' },
  ]);
});

test('a refused login is loaded again once, also for those that come late with the old one', async () => {
  const { asked, logins } = countingLogins();
  const stale = await logins.current('a');
  const [one, other] = await Promise.all([logins.renew('a', stale), logins.renew('a', stale)]);
  const late = await logins.renew('a', stale);
  expect(asked).toHaveLength(2);
  expect([one === other, late === one, one === stale]).toEqual([true, true, false]);
});

test('the fingerprint of a login tells credentials apart and holds no secret', async () => {
  const { logins } = countingLogins();
  const [a, b] = [await logins.current('a'), await logins.current('b')];
  expect(a.identity).not.toBe(b.identity);
  expect(JSON.stringify(a)).not.toContain('password 1');
});
