// The contract of taking pushes in: they become jobs durably, once each, with a record of what became of them, or not at all.
import { beforeEach, describe, expect, it } from 'vitest';
import { acceptPushes } from '../../../functions/registry-push.ts';
import type { PushEvent } from '../../../shared/events/push-event.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { silentLogger, type LogFields } from '../../../shared/telemetry/logger.ts';
import { configOf } from '../../support/config-of.ts';
import type { StoreSubject } from '../../support/jobs/store-subject.ts';
import { pushEvent } from '../../support/push-event.ts';
import { LEASE_MS, withStore } from '../jobs/suite/with-store.ts';

const CONFIG = configOf(`mirrors:
  - { name: app, from: docker.io/team/app, to: [r.example/app, s.example/app] }
  - { name: newest, from: docker.io/team/lib, to: [r.example/lib], tags: { latest: 2 } }
  - { name: many, from: docker.io/team/many, to: [r.example/many] }
`);

export function describeAcceptingPushes(subject: StoreSubject): void {
  describe(`accepting pushes into the ${subject.name} store`, () => {
    const bed = withStore(subject);
    let counted: string[] = [];
    let logged: [string, LogFields][] = [];
    beforeEach(() => {
      counted = [];
      logged = [];
    });

    const intake = (over = {}) => ({
      clock: bed.clock,
      config: () => CONFIG,
      jobs: bed.store,
      pushes: bed.pushes,
      logger: {
        ...silentLogger,
        info: (message: string, fields: LogFields = {}) => void logged.push([message, fields]),
        error: (message: string, fields: LogFields = {}) => void logged.push([message, fields]),
      },
      metrics: {
        count: (name: string, labels: { source?: string; reason?: string }) =>
          void counted.push([name.split('_')[2], labels.source, labels.reason ?? ''].join(' ').trim()),
        set: () => undefined,
        observe: () => undefined,
      },
      ...over,
    });
    const accept = (...events: Partial<PushEvent>[]) =>
      acceptPushes(
        events.map((event) => pushEvent(event)),
        intake(),
      );
    const runDueSweep = async () => {
      await bed.clock.advance(1000);
      return bed.claimOne('sweep');
    };
    const irrelevant = (reason: NonNullable<PushEvent['reason']>): Partial<PushEvent> => ({ relevant: false, reason });

    it('stores job and record before it answers', async () => {
      const { jobIds, pushIds } = await accept({ dedupeKey: 'k' });
      await bed.crash();
      const [job] = (await bed.store.list({}, 9)).jobs;
      expect(job).toMatchObject({ id: jobIds[0], state: 'READY', targets: ['r.example/app:1.0', 's.example/app:1.0'] });
      expect((await bed.pushes.list({}, 9)).pushes).toMatchObject([{ id: pushIds[0], jobIds, isRepeated: false }]);
      expect(counted).toEqual(['accepted docker-hub']);
      expect(logged).toMatchObject([
        ['push accepted', { event_id: pushIds[0], job_ids: jobIds, repository: 'team/app' }],
      ]);
    });

    it('makes one job of an event that comes again, and names it', async () => {
      const first = await accept({ dedupeKey: 'k' });
      await bed.clock.advance(1);
      const again = await accept({ dedupeKey: 'k' });
      expect(again.jobIds).toEqual(first.jobIds);
      expect((await bed.store.counts()).accepted).toBe(1);
      expect(await bed.pushes.get(again.pushIds[0]!)).toMatchObject({ isRepeated: true, jobIds: first.jobIds });
      expect(counted).toEqual(['accepted docker-hub', 'rejected docker-hub repeated']);
    });

    it('suppresses nothing where the sender gives neither id nor time; what still waits becomes one', async () => {
      const first = await accept({});
      const second = await accept({});
      expect(await bed.job(first.jobIds[0]!)).toMatchObject({ state: 'SUPERSEDED', supersededBy: second.jobIds[0] });
      expect(await bed.store.claim('mirror', 9, LEASE_MS)).toHaveLength(1);
    });

    it('asks for one sweep for all events of a request that want the same', async () => {
      const { jobIds, pushIds } = await accept(
        ...['1.0', '1.1', '1.2'].map((tag, index) => ({ repository: 'team/lib', tag, dedupeKey: `k${index}` })),
      );
      expect(jobIds).toHaveLength(1);
      expect(await bed.job(jobIds[0]!)).toMatchObject({ kind: 'sweep', payload: { rule: 'newest', trigger: 'push' } });
      for (const id of pushIds) expect(await bed.pushes.get(id)).toMatchObject({ jobIds });
    });

    it('asks for a sweep for a new event that comes with a repeated one, in either order', async () => {
      const lib = (tag: string) => ({ repository: 'team/lib', tag, dedupeKey: tag });
      const first = await accept(lib('1.0'));
      await bed.store.complete((await runDueSweep()).lease);
      const second = await accept(lib('1.0'), lib('1.1'));
      expect(second.jobIds).not.toEqual(first.jobIds);
      await bed.store.complete((await runDueSweep()).lease);
      // a batch that comes again as it was is a repeated one
      expect((await accept(lib('1.1'), lib('1.0'))).jobIds).toEqual(second.jobIds);
      const third = await accept(lib('1.2'), lib('1.1'));
      expect((await runDueSweep()).job.id).toBe(third.jobIds[0]);
    });

    it('counts what asks for nothing by its reason, and keeps it but for parts and reads', async () => {
      const reasons = ['ping', 'wrong-host', 'pull', 'mount', 'blob'] as const;
      const { jobIds } = await accept(...reasons.map(irrelevant), { repository: 'team/unknown' });
      expect(jobIds).toEqual([]);
      const kept = (await bed.pushes.list({}, 9)).pushes.map(({ event }) => event.reason);
      expect(kept).toEqual([null, 'wrong-host', 'ping']);
      expect(counted).toEqual([...reasons, 'no-rule'].map((reason) => `rejected docker-hub ${reason}`));
    });

    it('takes the rest of a request where one job cannot be stored', async () => {
      // the configuration refuses what no store can hold; were it to miss something, only that would be lost
      const jobs: JobStore = {
        ...bed.store,
        accept: (job, key) =>
          job.targets?.includes('r.example/many:1.0')
            ? Promise.reject(new TransshipError('invalid-job', 'too many targets'))
            : bed.store.accept(job, key),
      };
      const events = [pushEvent({ repository: 'team/many' }), pushEvent()];
      const { jobIds } = await acceptPushes(events, intake({ jobs }));
      expect(jobIds).toHaveLength(1);
      expect(logged.map(([message]) => message)).toContain('a push asks for a job that cannot be stored');
    });

    // as many as a request may have, where each takes no request of its own
    const many = subject.schedules === undefined ? 5000 : 20;
    it(`takes ${many} events of one request`, async () => {
      const events = Array.from({ length: many }, (_, index) =>
        pushEvent({ tag: `t${index}`, dedupeKey: `k${index}` }),
      );
      expect((await acceptPushes(events, intake())).jobIds).toHaveLength(many);
    });

    it.each(['jobs', 'pushes'] as const)('refuses the request where the store cannot keep the %s', async (part) => {
      const full = () => Promise.reject(new TransshipError('store-unavailable', 'full', { retryable: true }));
      const broken =
        part === 'jobs' ? { jobs: { ...bed.store, accept: full } } : { pushes: { ...bed.pushes, record: full } };
      await expect(acceptPushes([pushEvent()], intake(broken))).rejects.toMatchObject({ code: 'store-unavailable' });
      expect(counted).toEqual([]);
    });
  });
}
