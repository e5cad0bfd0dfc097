// Which credentials jobs run side by side, which wait, and which stand for others; and when the next one is due.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CREDENTIALS, credentialsJob, type CredentialsPayload } from '../../../functions/job-kinds/credentials-job.ts';
import { nextRefresh } from '../../../functions/refresh-credentials/next-refresh.ts';
import type { DistributionReport } from '../../../shared/credentials/distribution-report.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { manualClock, type ManualClock } from '../../support/jobs/manual-clock.ts';
import { sqliteSubject } from '../../support/jobs/sqlite-subject.ts';
import type { OpenedStore } from '../../support/jobs/store-subject.ts';

const ROOM = { perHost: 8, perRoute: 8 };

describe('jobs', () => {
  let clock: ManualClock;
  let opened: OpenedStore;
  beforeEach(async () => {
    clock = manualClock();
    opened = await sqliteSubject.open(clock);
  });
  afterEach(() => opened.remove());

  const accept = (payload: Partial<CredentialsPayload>, runAt?: Date) =>
    opened.store.accept(
      credentialsJob({ cluster: 'a', trigger: 'api', ...payload }, runAt === undefined ? {} : { runAt }),
    );
  const claim = async () => {
    const claimed = await opened.store.claim(CREDENTIALS, 24, 45_000, ROOM);
    return claimed.map(({ job }) => job.targets.join());
  };

  test('of a cluster run one at a time, and one more waits', async () => {
    await accept({});
    expect(await claim()).toEqual(['credentials:a']);
    await accept({});
    await accept({ trigger: 'watch' });
    expect(await claim()).toEqual([]);
    const { jobs } = await opened.store.list({ kind: CREDENTIALS, state: 'READY' }, 10);
    expect(jobs).toHaveLength(1);
  });

  test('of a namespace do not wait for their cluster, and come first', async () => {
    await accept({});
    await claim();
    await accept({ cluster: 'b' });
    await accept({ namespace: 'x', trigger: 'namespace' });
    await accept({ namespace: 'y', trigger: 'namespace' });
    expect(await claim()).toEqual(['credentials:a/x', 'credentials:a/y', 'credentials:b']);
  });

  test('of many clusters leave most workers to namespaces', async () => {
    for (let number = 0; number < 20; number += 1) await accept({ cluster: `c${number}` });
    expect(await claim()).toHaveLength(8);
    await accept({ namespace: 'x', trigger: 'namespace' });
    expect(await claim()).toEqual(['credentials:a/x']);
  });

  test('of namespaces of one cluster leave most workers to other clusters: theirs may hang', async () => {
    for (let number = 0; number < 40; number += 1) await accept({ namespace: `n${number}`, trigger: 'namespace' });
    expect(await claim()).toHaveLength(8);
    await accept({ cluster: 'b', namespace: 'x', trigger: 'namespace' });
    await accept({ cluster: 'b' });
    expect(await claim()).toEqual(['credentials:b/x', 'credentials:b']);
  });

  test('that stand for a waiting one run no later than that', async () => {
    const soon = new Date(clock.now().getTime() + 60_000);
    await accept({ trigger: 'schedule' }, soon);
    await accept({ trigger: 'schedule' }, new Date(clock.now().getTime() + 3_600_000));
    const { jobs } = await opened.store.list({ kind: CREDENTIALS, state: 'READY' }, 10);
    expect(jobs.map(({ runAt }) => runAt)).toEqual([soon]);
  });

  test('that are forced are not lost in others', async () => {
    await accept({ force: true });
    await accept({});
    const { jobs } = await opened.store.list({ kind: CREDENTIALS, state: 'READY' }, 10);
    expect(jobs).toHaveLength(2);
  });
});

describe('the next run', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  const none = { count: 0, first: [] };
  const report = (fields: Partial<DistributionReport> = {}): DistributionReport => ({
    namespaces: 1,
    gone: 0,
    secrets: 1,
    written: {
      'attach-reference': 0,
      'detach-reference': 0,
      'create-secret': 0,
      'update-secret': 0,
      'release-secret': 0,
      'delete-secret': 0,
    },
    conflicts: none,
    leftBehind: none,
    failures: none,
    degraded: new Map(),
    providers: [],
    warnings: [],
    expiring: none,
    overdue: 0,
    ...fields,
  });
  const after = (ms: number): Date => new Date(now.getTime() + ms);
  const failing = (ms: number) => [{ registry: 'r', error: new TransshipError('timeout', 'slow'), retryAt: after(ms) }];

  test.each<[string, Partial<DistributionReport>, number | undefined]>([
    ['nothing ends', {}, undefined],
    ['a credential is due', { nextRefreshAt: after(3_600_000) }, 3_600_000],
    ['a provider failed', { nextRefreshAt: after(3_600_000), providers: failing(90_000), overdue: 1 }, 90_000],
    ['something is due that nobody failed for', { nextRefreshAt: after(3_600_000), overdue: 1 }, 180_000],
    ['a time is over already', { providers: failing(-5) }, 2000],
  ])('where %s', (_, fields, inMs) => {
    const expected = inMs === undefined ? undefined : after(inMs);
    expect(nextRefresh(report(fields), now, now, undefined)).toEqual(expected);
  });

  test('is when what could not be written is tried again, where that comes first', () => {
    const next = (inMs: number) => nextRefresh(report({ nextRefreshAt: after(3_600_000) }), now, now, after(inMs));
    expect(next(60_000)).toEqual(after(60_000));
    expect(next(7_200_000)).toEqual(after(3_600_000));
  });

  test('is soon where something is due that could not be written, whatever a provider makes us wait for', () => {
    const found = report({ providers: failing(3_600_000), overdue: 1 });
    expect(nextRefresh(found, now, now, after(900_000))).toEqual(after(180_000));
  });

  test('is at the time of the cluster, whatever our clock shows', () => {
    const clusterNow = after(-3_600_000);
    expect(nextRefresh(report({ nextRefreshAt: after(0) }), now, clusterNow, undefined)).toEqual(after(3_600_000));
  });
});
