// Tokens of Azure registries against a server that follows the documented wire formats of its resource manager.
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { TransshipError } from '../../../../shared/errors.ts';
import { tokenName } from '../../../../shared/grants/acr/entry-content.ts';
import { canonicalText } from '../../../../shared/grants/canonical.ts';
import type { Grantee } from '../../../../shared/grants/grant.ts';
import { ACR_HOST, ACR_ID } from '../../../support/clouds/fake-azure-registry.ts';
import { rejectionOf } from '../../../support/clouds/rejection.ts';
import { principal, TARGET, TOKENS_TARGET, useAcr } from '../../../support/grants/acr-bed.ts';

const ALICE = 'aaaaaaaa-0000-4000-8000-000000000001';
const UNTIL = new Date('2027-01-31T00:00:00.000Z');
const KEPT_IN = { cluster: 'prod', namespace: 'team', name: 'pull' };
const ROBOT: Grantee = { kind: 'Robot', name: 'edge', secret: KEPT_IN };
const TOKEN = tokenName('base', 'edge', 'transship');

const bed = useAcr();

describe('tokens', () => {
  test('are made with a scope map, and their password is kept where it was asked for', async () => {
    bed.fake.settings.settling = 2;
    const entry = bed.wantedFor(ROBOT, { pattern: 'team-a/**', expiresAt: UNTIL });
    expect((await bed.apply([entry]))?.outcomes).toEqual([{ key: entry.key, state: 'written' }]);
    expect(bed.fake.scopeMaps.get(TOKEN)).toEqual({
      description: 'pg:base@transship kept in prod/team/pull as password1',
      actions: ['repositories/team-a/*/content/read', 'repositories/team-a/*/metadata/read'],
    });
    expect(bed.fake.tokens.get(TOKEN)).toMatchObject({
      scopeMapId: `${ACR_ID}/scopeMaps/${TOKEN}`,
      status: 'enabled',
      passwords: [{ name: 'password1', expiry: UNTIL.toISOString() }],
    });
    const shown = bed.kept.get(canonicalText(KEPT_IN));
    expect(shown).toMatchObject({ registry: ACR_HOST, username: TOKEN });
    expect(shown?.password.reveal()).toBe(bed.fake.passwords.get(`${TOKEN} password1`));
    const observed = await bed.backend.observe(TOKENS_TARGET);
    expect(canonicalText(observed.entries[0]?.content ?? null)).toBe(canonicalText(entry.content));
    for (const value of bed.fake.passwords.values()) expect(inspect(observed, { depth: 9 })).not.toContain(value);
  });

  test('get their other password for a later end, and the old one works until that is kept', async () => {
    await bed.apply([bed.wantedFor(ROBOT, { expiresAt: UNTIL })]);
    await bed.apply([bed.wantedFor(ROBOT, { expiresAt: new Date('2027-06-30T00:00:00Z') })]);
    expect(bed.fake.tokens.get(TOKEN)?.passwords.map(({ name, expiry }) => `${name} ${expiry}`)).toEqual([
      'password1 2027-01-31T00:00:00.000Z',
      'password2 2027-06-30T00:00:00.000Z',
    ]);
    expect(bed.kept.get(canonicalText(KEPT_IN))?.password.reveal()).toBe(bed.fake.passwords.get(`${TOKEN} password2`));
  });

  test('lose a password that would live longer than the grant', async () => {
    await bed.apply([bed.wantedFor(ROBOT)]);
    await bed.apply([bed.wantedFor(ROBOT, { expiresAt: UNTIL })]);
    expect(bed.fake.tokens.get(TOKEN)?.passwords.map(({ name }) => name)).toEqual(['password2']);
    expect(await bed.apply([bed.wantedFor(ROBOT, { expiresAt: UNTIL })])).toBeUndefined();
  });

  test('get a new password where the last one could not be kept', async () => {
    bed.keepError = new Error('the cluster is away');
    expect(await rejectionOf(bed.apply([bed.wantedFor(ROBOT, { expiresAt: UNTIL })]))).toMatchObject({
      message: 'the cluster is away',
    });
    const { entries } = await bed.backend.observe(TOKENS_TARGET);
    expect(entries).toMatchObject([{ owner: 'ours', content: { isKept: false } }]);
    bed.keepError = undefined;
    await bed.apply([bed.wantedFor(ROBOT, { expiresAt: UNTIL })]);
    expect(bed.kept.get(canonicalText(KEPT_IN))?.password.reveal()).toBe(bed.fake.passwords.get(`${TOKEN} password1`));
    expect(await bed.apply([bed.wantedFor(ROBOT, { expiresAt: UNTIL })])).toBeUndefined();
  });

  test('get a new password where an extension could not be kept, though the old one is still there', async () => {
    const later = bed.wantedFor(ROBOT, { expiresAt: new Date('2027-06-30T00:00:00Z') });
    await bed.apply([bed.wantedFor(ROBOT, { expiresAt: UNTIL })]);
    bed.keepError = new Error('the cluster is away');
    await rejectionOf(bed.apply([later]));
    bed.keepError = undefined;
    await bed.apply([later]);
    expect(bed.kept.get(canonicalText(KEPT_IN))?.password.reveal()).toBe(bed.fake.passwords.get(`${TOKEN} password2`));
    expect(await bed.apply([later])).toBeUndefined();
  });

  test('whose Secret is not to be had stop nobody else', async () => {
    bed.keepError = new TransshipError('conflict-refused', 'the Secret team/pull is of somebody else', {
      hint: 'name another',
    });
    const result = await bed.apply([bed.wantedFor(ROBOT), bed.wantedFor(principal(ALICE))]);
    expect(result?.outcomes).toEqual([
      {
        key: `token ${TOKEN}`,
        state: 'blocked',
        problem: { message: 'the Secret team/pull is of somebody else', hint: 'name another' },
      },
      expect.objectContaining({ state: 'written' }),
    ]);
  });

  test('of two grants do not drive each other out of one Secret', async () => {
    const result = await bed.apply([bed.wantedFor(ROBOT), bed.wantedFor(ROBOT, { id: 'more' })]);
    expect(result?.outcomes).toMatchObject([
      { state: 'written' },
      { state: 'blocked', problem: { message: expect.stringContaining(TOKEN) } },
    ]);
    expect(bed.kept.get(canonicalText(KEPT_IN))?.username).toBe(TOKEN);
  });

  test('that somebody disabled, or whose Secret is gone, are drift', async () => {
    const entry = bed.wantedFor(ROBOT, { expiresAt: UNTIL });
    await bed.apply([entry]);
    const token = bed.fake.tokens.get(TOKEN);
    if (token === undefined) throw new Error('nothing was written');
    token.status = 'disabled';
    expect(await bed.backend.verify(entry, 'allowed')).toMatchObject({
      answer: 'denied',
      note: expect.stringContaining('disabled'),
    });
    await bed.apply([entry]);
    expect(bed.fake.tokens.get(TOKEN)?.status).toBe('enabled');
    bed.kept.clear();
    await bed.apply([entry]);
    expect(bed.kept.size).toBe(1);
  });

  test('go with their scope map, the token first', async () => {
    const entry = bed.wantedFor(ROBOT, { expiresAt: UNTIL });
    await bed.apply([entry]);
    expect(await bed.backend.verify(entry, 'allowed')).toMatchObject({ method: 'read-back', answer: 'allowed' });
    await bed.apply([], [entry]);
    expect(bed.fake.writes.slice(-2)).toEqual([
      `DELETE ${ACR_ID}/tokens/${TOKEN}`,
      `DELETE ${ACR_ID}/scopeMaps/${TOKEN}`,
    ]);
    expect(await bed.backend.verify(entry, 'denied')).toMatchObject({
      answer: 'denied',
      note: expect.stringContaining('75 min'),
    });
  });

  test('of others are not looked at, and an identity that may not see tokens still gives roles', async () => {
    bed.fake.scopeMaps.set('theirs', { description: 'by hand', actions: ['repositories/x/content/read'] });
    bed.fake.settings.denied.add('scopeMaps');
    await bed.apply([bed.wantedFor(principal(ALICE))]);
    expect((await bed.backend.observe(TARGET)).entries).toHaveLength(1);
    expect(await bed.backend.marked()).toEqual([TARGET]);
    bed.fake.settings.denied.clear();
    expect((await bed.backend.observe(TOKENS_TARGET)).entries).toEqual([]);
  });

  test('that may not be seen any more are not said to be gone', async () => {
    const entry = bed.wantedFor(ROBOT, { expiresAt: UNTIL });
    await bed.apply([entry]);
    expect(await bed.backend.marked()).toEqual([TOKENS_TARGET]);
    bed.fake.settings.denied.add('scopeMaps');
    expect(await rejectionOf(bed.backend.observe(entry.target))).toMatchObject({ code: 'denied' });
    expect(await rejectionOf(bed.backend.verify(entry, 'denied'))).toMatchObject({ code: 'denied' });
  });

  test('are taken away also where the cluster with their Secret is gone', async () => {
    const entry = bed.wantedFor(ROBOT, { expiresAt: UNTIL });
    await bed.apply([entry, bed.wantedFor(principal(ALICE))]);
    bed.hasError = new TransshipError('invalid-config', 'there is no cluster prod');
    expect(await bed.apply([entry])).toBeUndefined();
    await bed.apply([], [entry]);
    expect(bed.fake.tokens.size).toBe(0);
  });
});
