// Grants end: revoked, expired, withdrawn; and count as gone when nobody pulls by them any more.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  confirmGrant,
  declareGrant,
  resumeGrant,
  revokeGrant,
  withdrawGrant,
} from '../../../../shared/grants/declare-grants.ts';
import type { Grantee, PullGrant } from '../../../../shared/grants/grant.ts';
import type { Target } from '../../../../shared/grants/site.ts';
import { silentLogger, type Logger } from '../../../../shared/telemetry/logger.ts';
import { configOf } from '../../../support/config-of.ts';
import { pullGrant } from '../../../support/grants/pull-grant.ts';
import { grantStatuses } from '../../../../shared/grants/grant-status.ts';
import type { Verification } from '../../../../shared/grants/backend.ts';
import { clusterGrant, grantsBed, inCluster, type GrantsBed } from '../../../support/grants/grants-bed.ts';

const HOUR_MS = 3_600_000;
const SHARED = inCluster('shared');
let bed: GrantsBed;
beforeEach(() => {
  bed = grantsBed();
});

const stateOf = (report: Awaited<ReturnType<GrantsBed['apply']>>, id = 'base') =>
  report.grants.find(({ grant }) => grant === id)?.state;

describe('a revoke', () => {
  it('is proven by a denial, and outlives the declaration', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    await revokeGrant(bed.run(), 'base', 'left the team');
    const report = await bed.apply();
    expect(report.entries).toMatchObject([
      { op: 'delete', state: 'Revoked', isWritten: true, verification: { answer: 'denied' } },
      { op: 'none' },
    ]);
    expect(stateOf(report)).toBe('Revoked');
    expect(bed.world.all().size).toBe(0);
    expect(await bed.apply()).toMatchObject({ writes: 0 });

    bed.grants = [clusterGrant('base', { reason: 'another one' })];
    expect(stateOf(await bed.apply())).toBe('Applied');
  });

  it('ends when somebody resumes it', async () => {
    bed.grants = [clusterGrant('base')];
    await revokeGrant(bed.run(), 'base');
    expect(await bed.apply()).toMatchObject({ writes: 0 });
    await resumeGrant(bed.run(), 'base');
    expect(stateOf(await bed.apply())).toBe('Applied');
  });

  it('holds for a grant that no run has seen yet', async () => {
    bed.grants = [clusterGrant('base')];
    await revokeGrant(bed.run(), 'base');
    expect(bed.events()).toEqual(['declared', 'revoked']);
    await revokeGrant(bed.run(), 'base');
    expect(bed.events()).toEqual(['declared', 'revoked']);
  });

  it('is not done while it is not proven, and asked for until it is', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    await revokeGrant(bed.run(), 'base');
    bed.world.before = ({ op }) => {
      if (op === 'verify') throw new Error('no answer');
    };
    const report = await bed.apply();
    expect(report.entries).toMatchObject([{ op: 'delete', state: 'Applying' }, { op: 'none' }]);
    expect(report.nextAt).toBeDefined();
    bed.world.before = () => undefined;
    const next = await bed.apply();
    expect(next.entries).toMatchObject([{ op: 'delete', state: 'Revoked', isWritten: false }, { op: 'none' }]);
    expect(stateOf(next)).toBe('Revoked');
  });

  it.each<[string, Partial<Verification>]>([
    ['by name', { answer: 'allowed', note: 'RBAC: allowed by RoleBinding "by-hand/shared" of ClusterRole "x"' }],
    ['as the audit has it', { answer: 'allowed' }],
  ])("is blocked where somebody else's lets them pull, who is told %s", async (_, answer) => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    await revokeGrant(bed.run(), 'base');
    const finding = { target: SHARED, who: ['all of my-ns'], what: 'shared', flags: [] };
    bed.world.findings.push(
      { ...finding, object: 'RoleBinding by-hand', class: 'foreign' },
      { ...finding, object: 'RoleBinding hand', class: 'platform' },
    );
    bed.world.answer = (_target, _key, isThere) => (isThere ? {} : answer);
    const report = await bed.apply();
    expect(report.entries[0]).toMatchObject({
      op: 'delete',
      state: 'Blocked',
      problem: { message: 'it is removed, and RoleBinding by-hand (all of my-ns) lets them pull all the same' },
    });
    expect(report.nextAt).toBeUndefined();
    const lines = bed.store.all().length;
    await bed.apply();
    expect(bed.store.all()).toHaveLength(lines);
    bed.world.answer = () => ({});
    expect(stateOf(await bed.apply())).toBe('Revoked');
  });

  it('asks once for many places who else lets somebody pull', async () => {
    bed.grants = [clusterGrant('base', { from: ['shared', 'other', 'third'] })];
    await bed.apply();
    await revokeGrant(bed.run(), 'base');
    bed.world.answer = (_target, _key, isThere) => (isThere ? {} : { answer: 'allowed', note: 'somebody' });
    bed.world.calls.length = 0;
    const report = await bed.apply();
    expect(report.entries.filter(({ state }) => state === 'Blocked')).toHaveLength(3);
    expect(bed.world.count('audit')).toBe(1);
  });

  it('is right where another grant still lets them pull', async () => {
    bed.grants = [clusterGrant('base'), clusterGrant('more')];
    await bed.apply();
    await revokeGrant(bed.run(), 'base');
    const ours = { target: SHARED, who: ['all of my-ns'], what: 'shared', flags: [], class: 'ours' } as const;
    bed.world.findings.push({ ...ours, object: 'RoleBinding pull-grant-more', grant: 'more' });
    bed.world.answer = (_target, key, isThere) =>
      key === 'base' && !isThere ? { answer: 'allowed', note: 'by RoleBinding "pull-grant-more/shared"' } : {};
    const report = await bed.apply();
    expect(stateOf(report)).toBe('Revoked');
    expect(stateOf(report, 'more')).toBe('Applied');
  });
});

describe('a grant at a registry without room for marks', () => {
  const AT_QUAY: Target = { backend: 'quay', host: 'quay.example.com', place: 'acme/app' };
  const read = (id: string, grantees: readonly Grantee[]): PullGrant =>
    pullGrant({
      id,
      grantees,
      what: [{ registry: 'quay.example.com', what: { kind: 'repository', pattern: 'acme/app' }, actions: ['pull'] }],
    });
  const config = configOf('registries: { quay.example.com: { kind: quay } }');
  const BOB: Grantee = { kind: 'User', name: 'bob' };
  const DEVELOPERS: Grantee = { kind: 'Team', name: 'developers' };

  it('is gone where another grant lets its grantees pull, though the audit takes that for somebody else’s', async () => {
    const apply = () => bed.apply({}, { config: { ...config, grants: bed.grants } });
    bed.grants = [read('base', [BOB])];
    expect(stateOf(await apply())).toBe('Applied');
    bed.world.findings.push({
      target: AT_QUAY,
      object: 'entry team:developers',
      who: ['team developers'],
      what: 'acme/app',
      class: 'adoptable',
      flags: [],
    });
    bed.world.answer = (_target, _key, isThere) => (isThere ? {} : { answer: 'allowed' });
    bed.grants = [read('team', [DEVELOPERS])];
    expect((await apply()).entries).toMatchObject([
      { op: 'delete', key: 'user:bob', state: 'Revoked' },
      { op: 'create', key: 'team:developers', state: 'Applied' },
    ]);
  });
});

describe('a grant that leaves the configuration', () => {
  it('is told in the log once, by name, before what it gave goes', async () => {
    bed.grants = [clusterGrant('base'), clusterGrant('more')];
    await bed.apply();
    bed.grants = [];
    const told: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (message, fields) => told.push([message, fields]) };
    await bed.apply({}, { logger });
    await bed.apply({}, { logger });
    expect(told).toEqual([['grants left the configuration: what they gave goes', { grants: 'base,more', of: 2 }]]);
  });
});

describe('an end', () => {
  it('comes at its time, and says when it comes', async () => {
    const expiresAt = new Date(bed.clock.now().getTime() + HOUR_MS);
    bed.grants = [clusterGrant('base', { expiresAt })];
    expect((await bed.apply()).nextAt).toEqual(expiresAt);
    await bed.clock.advance(HOUR_MS);
    const report = await bed.apply();
    expect(report.entries[0]).toMatchObject({ op: 'delete', state: 'Expired', verification: { answer: 'denied' } });
    expect(stateOf(report)).toBe('Expired');
    expect(report.nextAt).toBeUndefined();
    expect(bed.world.all().size).toBe(0);
  });

  it('is done first after a time in which nobody looked', async () => {
    const expiresAt = new Date(bed.clock.now().getTime() + HOUR_MS);
    bed.grants = [clusterGrant('z', { from: ['third'], expiresAt })];
    await bed.apply();
    await bed.clock.advance(48 * HOUR_MS);
    bed.grants = [clusterGrant('a'), ...bed.grants];
    bed.world.calls.length = 0;
    await bed.apply();
    const written = bed.world.calls.filter(({ op }) => op === 'write').map(({ target }) => target?.place);
    expect(written).toEqual(['third', 'shared']);
  });

  it('may be put off', async () => {
    const ends = (hours: number) => new Date(bed.clock.now().getTime() + hours * HOUR_MS);
    bed.grants = [clusterGrant('base', { expiresAt: ends(1) })];
    await bed.apply();
    bed.grants = [clusterGrant('base', { expiresAt: ends(5) })];
    await bed.clock.advance(2 * HOUR_MS);
    expect(stateOf(await bed.apply())).toBe('Applied');
  });
});

describe('a declaration', () => {
  it('that is gone from the configuration takes its entries with it', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    bed.grants = [];
    const report = await bed.apply();
    expect(report.entries).toMatchObject([{ op: 'delete', state: 'Revoked' }]);
    expect(bed.events().slice(4)).toEqual(['withdrawn', 'intended', 'written', 'verified']);
    expect(await bed.apply()).toMatchObject({ reads: 0, writes: 0 });
  });

  it('by the API is kept, changed and withdrawn', async () => {
    const grant = clusterGrant('own', { origin: 'store' });
    await declareGrant(bed.run(), grant);
    await declareGrant(bed.run(), grant);
    expect(bed.events()).toEqual(['declared']);
    expect(stateOf(await bed.apply(), 'own')).toBe('Applied');
    await declareGrant(bed.run(), { ...grant, ...clusterGrant('own', { origin: 'store', to: 'your-ns' }) });
    expect((await bed.apply()).entries).toMatchObject([{ op: 'update' }]);
    await withdrawGrant(bed.run(), 'own');
    expect((await bed.apply()).entries).toMatchObject([{ op: 'delete', state: 'Revoked' }]);
    await expect(withdrawGrant(bed.run(), 'own')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('of the configuration is not changed by the API', async () => {
    bed.grants = [clusterGrant('base')];
    await expect(declareGrant(bed.run(), clusterGrant('base'))).rejects.toMatchObject({ code: 'conflict-refused' });
    await expect(withdrawGrant(bed.run(), 'base')).rejects.toMatchObject({ code: 'conflict-refused' });
    await expect(revokeGrant(bed.run(), 'nobody')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is journalled in the name of its file', async () => {
    bed.grants = [clusterGrant('base', { requestedBy: 'transship.yaml' })];
    await bed.apply();
    expect(bed.store.all().map(({ actor }) => actor)).toEqual(['file transship.yaml', 'test', 'test', 'test']);
  });
});

describe('a namespace made anew', () => {
  const anew = () => bed.world.namespaces.set('my-ns', { uid: 'uid-new', labels: {}, isTerminating: false });

  it('gets nothing from a pinned grant until somebody confirms it', async () => {
    bed.grants = [clusterGrant('base', { pin: 'uid' })];
    await bed.apply();
    expect(await confirmGrant(bed.run(), 'base')).toEqual({});
    anew();
    const report = await bed.apply();
    expect(stateOf(report)).toBe('Suspended');
    expect(report.alarms).toEqual([expect.stringContaining('made anew under the same name') as string]);
    expect(bed.world.all().size).toBe(0);
    expect(await bed.apply()).toMatchObject({ writes: 0, alarms: [] });

    expect(await confirmGrant(bed.run(), 'base')).toMatchObject({ 'kubernetes:prod/my-ns': 'uid-new' });
    expect(stateOf(await bed.apply())).toBe('Applied');
  });

  it('is told once also where the entry went with its namespace, and lists say so', async () => {
    bed.grants = [clusterGrant('base', { pin: 'uid' })];
    await bed.apply();
    anew();
    bed.world.put(SHARED, 'base', undefined);
    const { alarms, writes } = await bed.apply();
    expect({ alarms, writes }).toEqual({
      alarms: [expect.stringContaining('made anew under the same name') as string],
      writes: 0,
    });
    expect(await bed.apply()).toMatchObject({ alarms: [] });
    const { config, clock } = bed.run();
    expect(grantStatuses(config.grants, await bed.store.state(), clock.now())).toMatchObject([{ state: 'Suspended' }]);
  });

  it('changes nothing for a grant by name', async () => {
    bed.grants = [clusterGrant('base')];
    await bed.apply();
    anew();
    expect(await bed.apply()).toMatchObject({ writes: 0 });
  });
});
