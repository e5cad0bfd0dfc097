// Which jobs of grants run side by side, which wait, and which stand for others; when grants are looked at by the clock, and what a job
// keeps of its run.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GRANTS, grantsJob, type GrantsPayload } from '../../../functions/job-kinds/grants-job.ts';
import { saveGrantSchedule } from '../../../functions/reconcile-grants/grant-schedules.ts';
import { nextReconcile } from '../../../functions/reconcile-grants/next-reconcile.ts';
import { reportJson } from '../../../functions/reconcile-grants/report-json.ts';
import type { EntryReport, GrantsReport } from '../../../shared/grants/grants-report.ts';
import { manualClock, type ManualClock } from '../../support/jobs/manual-clock.ts';
import { sqliteSubject } from '../../support/jobs/sqlite-subject.ts';
import type { OpenedStore } from '../../support/jobs/store-subject.ts';

describe('jobs', () => {
  let clock: ManualClock;
  let opened: OpenedStore;
  beforeEach(async () => {
    clock = manualClock();
    opened = await sqliteSubject.open(clock);
  });
  afterEach(() => opened.remove());

  const accept = (payload: Partial<GrantsPayload>, runAt?: Date) =>
    opened.store.accept(grantsJob({ trigger: 'schedule', ...payload }, runAt === undefined ? {} : { runAt }));
  const claim = async () => (await opened.store.claim(GRANTS, 24, 45_000)).map(({ job }) => job.targets.join());
  const waiting = async () => (await opened.store.list({ kind: GRANTS, state: 'READY' }, 10)).jobs;

  test('of all grants run one at a time, and one more waits', async () => {
    await accept({});
    expect(await claim()).toEqual(['grants']);
    await accept({});
    await accept({ trigger: 'config' });
    expect(await claim()).toEqual([]);
    expect(await waiting()).toHaveLength(1);
  });

  test('of Namespaces do not wait for all, and come first', async () => {
    await accept({});
    await accept({ trigger: 'namespace', namespace: { cluster: 'a', name: 'x' } });
    await accept({ trigger: 'watch', namespace: { cluster: 'a', name: 'y' } });
    await accept({ trigger: 'watch', namespace: { cluster: 'a', name: 'y' } });
    expect(await claim()).toEqual(['grants:a/x', 'grants:a/y', 'grants']);
  });

  test('that stand for a waiting one run no later than that', async () => {
    const soon = new Date(clock.now().getTime() + 60_000);
    await accept({}, soon);
    await accept({}, new Date(clock.now().getTime() + 3_600_000));
    expect((await waiting()).map(({ runAt }) => runAt)).toEqual([soon]);
  });

  test('that somebody asked for are not lost in those of the clock', async () => {
    const asked = { trigger: 'api', actor: 'ci' } as const;
    await accept({ ...asked, planHash: 'a'.repeat(64) });
    await accept({ ...asked, allowOverbroad: true });
    await accept({ ...asked, grants: ['one'] });
    await accept({});
    expect(await waiting()).toHaveLength(4);
  });
});

describe('the schedule', () => {
  test('is there while grants are, and keeps its next time', async () => {
    const clock = manualClock();
    const opened = await sqliteSubject.open(clock);
    const { store } = opened;
    const save = (areThere: boolean) => saveGrantSchedule(store, { grantsEveryMs: 600_000 }, areThere, clock);
    await save(false);
    expect(await store.schedules()).toEqual([]);
    await save(true);
    const [first] = await store.schedules();
    expect(first).toMatchObject({ id: 'grants', nextAt: new Date(clock.now().getTime() + 600_000) });
    await save(true);
    expect(await store.schedules()).toEqual([first]);
    await save(false);
    expect(await store.schedules()).toEqual([]);
    await opened.remove();
  });
});

describe('the next run', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  const after = (ms: number): Date => new Date(now.getTime() + ms);

  test.each<[string, number | undefined, number | undefined]>([
    ['nothing is due', undefined, undefined],
    ['a grant ends before the timer comes', 180_000, 180_000],
    ['a grant ends long after', 3_600_000, undefined],
    ['something is due at once', 0, 1000],
    ['something was due already', -5000, 1000],
  ])('where %s', (_, dueMs, inMs) => {
    const nextAt = dueMs === undefined ? undefined : after(dueMs);
    expect(nextReconcile(nextAt, now, 600_000)).toEqual(inMs === undefined ? undefined : after(inMs));
  });
});

describe('what a job keeps', () => {
  const target = { backend: 'kubernetes', host: 'prod', place: 'shared' } as const;
  const at = new Date('2026-11-21T12:00:00Z');
  const entry = (more: Partial<EntryReport>): EntryReport => ({
    target,
    key: 'key',
    label: 'RoleBinding pull-grant-one',
    grants: ['one'],
    op: 'create',
    state: 'Applied',
    isWritten: true,
    wasInterrupted: false,
    ...more,
  });
  const report = (...entries: EntryReport[]): GrantsReport => ({
    at,
    planHash: 'hash',
    grants: [],
    entries,
    alarms: [],
    reads: 1,
    writes: 1,
  });

  test.each<[string, EntryReport[], string]>([
    ['there is nothing to say', [], 'done'],
    ['all is proven', [entry({})], 'done'],
    ['something waits for its time', [entry({ op: 'none', state: 'Pending', isWritten: false })], 'done'],
    ['drift is only observed', [entry({ op: 'drift', state: 'Drifted', isWritten: false })], 'done'],
    ['one is blocked and another one not', [entry({}), entry({ state: 'Blocked', isWritten: false })], 'partly'],
    ['what was written is not proven', [entry({ state: 'Applying' })], 'partly'],
    ['all is blocked', [entry({ state: 'Blocked', isWritten: false })], 'failed'],
    ['somebody else has the place', [entry({ op: 'conflict', state: 'Conflict', isWritten: false })], 'refused'],
  ])('where %s', (_, entries, state) => {
    expect(reportJson(report(...entries)).state).toBe(state);
  });

  test('is what was written, and what stands without having been', () => {
    const status = (key: string) => ({ target, key, label: key, state: 'Applied' as const });
    const found = reportJson({
      ...report(entry({}), entry({ key: 'gone', op: 'delete', state: 'Revoked' })),
      grants: [
        { grant: 'one', state: 'Applied', entries: [status('key'), status('shared')] },
        { grant: 'two', state: 'Applied', entries: [status('shared')] },
      ],
    });
    expect(found).toMatchObject({
      written: { create: 1, update: 0, adopt: 0, delete: 1 },
      unchanged: 1,
      states: { Applied: 2 },
      entries: { count: 2, first: [{ op: 'create' }, { op: 'delete' }] },
    });
  });

  test('is bounded, however many entries there are', () => {
    const entries = Array.from({ length: 5000 }, (_, index) => entry({ key: String(index) }));
    const { entries: kept } = reportJson(report(...entries));
    expect([kept.count, kept.first.length]).toEqual([5000, 200]);
  });
});
