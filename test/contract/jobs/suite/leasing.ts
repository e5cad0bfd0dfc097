// Contract: how jobs are leased, and that only the holder of the fence writes.
import { describe, expect, it } from 'vitest';
import type { JobStore } from '../../../../shared/jobs/job-store.ts';
import type { Lease } from '../../../../shared/jobs/job.ts';
import type { JobStoreSubject } from '../../../support/jobs/store-subject.ts';
import { LEASE_MS, PROBLEM, withJobStore } from './with-store.ts';

type GuardedWrite = (store: JobStore, lease: Lease) => Promise<unknown>;

const GUARDED_WRITES: [string, GuardedWrite][] = [
  ['heartbeat', (store, lease) => store.heartbeat(lease)],
  ['checkpoint', (store, lease) => store.checkpoint(lease, { stale: true })],
  ['progress', (store, lease) => store.progress(lease, { stale: true })],
  ['yield', (store, lease) => store.yield(lease, 'slice')],
  ['complete', (store, lease) => store.complete(lease, 'stale', [{ type: 'stale', body: null }])],
  ['retry', (store, lease) => store.retry(lease, new Date(), PROBLEM)],
  ['bury', (store, lease) => store.bury(lease, PROBLEM)],
];

export function describeLeasing(subject: JobStoreSubject): void {
  describe('leasing', () => {
    const bed = withJobStore(subject);

    it('offers by priority, then time, then age', async () => {
      const late = await bed.accept({ payload: 'late', runAt: bed.in(500) });
      const early = await bed.accept({ payload: 'early', runAt: bed.in(100) });
      const urgent = await bed.accept({ payload: 'urgent', runAt: bed.in(900), priority: 1 });
      await bed.accept({ payload: 'unripe', runAt: bed.in(5000), priority: 9 });
      await bed.clock.advance(1000);
      const claimed = await bed.store.claim('mirror', 9, LEASE_MS);
      expect(claimed.map(({ job }) => job.id)).toEqual([urgent, early, late]);
    });

    it('gives each job to one worker', async () => {
      const ids = await Promise.all(Array.from({ length: 20 }, () => bed.accept()));
      const claims = await Promise.all(Array.from({ length: 8 }, () => bed.store.claim('mirror', 3, LEASE_MS)));
      expect(claims.map((claim) => claim.length)).toEqual([3, 3, 3, 3, 3, 3, 2, 0]);
      expect(new Set(claims.flat().map(({ job }) => job.id))).toEqual(new Set(ids));
    });

    it('counts fence and attempts, and says until when', async () => {
      const { job, lease } = await bed.running();
      expect(job).toMatchObject({ state: 'LEASED', fence: 1, attempts: 1, leaseUntil: bed.in(LEASE_MS) });
      expect(lease).toEqual({ jobId: job.id, fence: 1, leaseMs: LEASE_MS });
      await bed.store.retry(lease, bed.clock.now(), PROBLEM);
      expect((await bed.claimOne()).job).toMatchObject({ fence: 2, attempts: 2, problem: PROBLEM });
    });

    it('takes only the kind that is asked for', async () => {
      await bed.accept({ kind: 'other' });
      expect(await bed.store.claim('mirror', 9, LEASE_MS)).toEqual([]);
      expect(await bed.store.claim('other', 0, LEASE_MS)).toEqual([]);
    });

    it('runs one job per target, of whatever kind, and takes all targets or none', async () => {
      const first = await bed.running({ targets: ['a', 'b'] });
      const both = await bed.accept({ targets: ['b', 'c'], kind: 'other' });
      const third = await bed.accept({ targets: ['c'], kind: 'other' });
      expect((await bed.claimOne('other')).job.id).toBe(third);
      await bed.store.complete(first.lease);
      expect(await bed.store.claim('other', 9, LEASE_MS)).toEqual([]);
      await bed.store.complete({ jobId: third, fence: 1, leaseMs: LEASE_MS });
      expect((await bed.claimOne('other')).job.id).toBe(both);
    });

    it('does not give two jobs for one target in one claim', async () => {
      await bed.accept({ targets: ['a', 'b'] });
      await bed.accept({ targets: ['b', 'c'] });
      await bed.accept({ targets: ['d'] });
      const claimed = await bed.store.claim('mirror', 9, LEASE_MS);
      expect(claimed.map(({ job }) => job.targets)).toEqual([['a', 'b'], ['d']]);
    });

    it('takes no more jobs of a host than there is room for, and goes on with those of others', async () => {
      const room = { perHost: 3, perRoute: 2 };
      const from = (...hosts: string[]) => bed.accept({ hosts });
      const stuck: string[] = [];
      for (let count = 0; count < 9; count += 1) stuck.push(await from('source', 'hangs'));
      const quick = [await from('source', 'works'), await from('source', 'works')];
      const free = [await from('elsewhere'), await from()];
      const claimed = await bed.store.claim('mirror', 9, LEASE_MS, room);
      // of the second route one, because the source has its share then
      const taken = [...stuck.slice(0, 2), ...quick.slice(0, 1), ...free];
      expect(claimed.map(({ job }) => job.id)).toEqual(taken);
      expect(await bed.store.claim('mirror', 9, LEASE_MS, room)).toEqual([]);
      await bed.store.complete(claimed[2]!.lease);
      expect((await bed.store.claim('mirror', 9, LEASE_MS, room)).map(({ job }) => job.id)).toEqual(quick.slice(1));
      await bed.store.complete(claimed[0]!.lease);
      expect((await bed.store.claim('mirror', 9, LEASE_MS, room)).map(({ job }) => job.id)).toEqual([stuck[2]]);
      expect(await bed.store.claim('mirror', 9, LEASE_MS)).toHaveLength(6);
    });

    it('counts for room only jobs of the same kind', async () => {
      await bed.running({ hosts: ['r'], kind: 'other' });
      await bed.accept({ hosts: ['r'] });
      expect(await bed.store.claim('mirror', 9, LEASE_MS, { perHost: 1, perRoute: 1 })).toHaveLength(1);
    });

    it('extends the lease by heartbeat and checkpoint', async () => {
      const { job, lease } = await bed.running();
      await bed.clock.advance(30_000);
      expect(await bed.store.heartbeat(lease)).toEqual({ cancelRequested: false });
      expect((await bed.job(job.id)).leaseUntil).toEqual(bed.in(LEASE_MS));
      await bed.clock.advance(30_000);
      await bed.store.checkpoint(lease, { offset: 5 });
      expect(await bed.job(job.id)).toMatchObject({ leaseUntil: bed.in(LEASE_MS), checkpoint: { offset: 5 } });
    });

    it('honours an expired lease as long as nobody else took the job: time decides nothing', async () => {
      const { job, lease } = await bed.running();
      await bed.clock.advance(LEASE_MS * 10);
      await bed.store.complete(lease, 'in the end');
      expect(await bed.job(job.id)).toMatchObject({ state: 'DONE', result: 'in the end' });
    });

    it.each([3_600_000, -3_600_000])('keeps its guards when the clock steps by %d ms', async (ms) => {
      const { lease } = await bed.running({ targets: ['t'] });
      bed.clock.step(ms);
      expect(await bed.store.heartbeat(lease)).toEqual({ cancelRequested: false });
      expect(await bed.store.sweep(bed.clock.now(), 9)).toBe(0);
      await expect(bed.store.complete({ ...lease, fence: 2 })).rejects.toMatchObject({ code: 'fence-lost' });
      await bed.store.complete(lease);
    });

    it.each(GUARDED_WRITES)('refuses a zombie: %s', async (_name, write) => {
      const zombie = await bed.running({ targets: ['t'] });
      await bed.clock.advance(LEASE_MS + 1);
      await bed.store.sweep(bed.clock.now(), 9);
      await expect(write(bed.store, zombie.lease)).rejects.toMatchObject({ code: 'fence-lost' });
      await bed.claimOne();
      const before = [await bed.job(zombie.job.id), await bed.store.log(zombie.job.id, 0, 99)];
      await expect(write(bed.store, zombie.lease)).rejects.toMatchObject({ code: 'fence-lost' });
      expect([await bed.job(zombie.job.id), await bed.store.log(zombie.job.id, 0, 99)]).toEqual(before);
      expect(await bed.store.outbox(bed.in(1), 9)).toEqual([]);
    });

    it.each(GUARDED_WRITES)('never changes what is done: %s', async (_name, write) => {
      const { job, lease } = await bed.running();
      await bed.store.complete(lease, 'first');
      await expect(write(bed.store, lease)).rejects.toMatchObject({ code: 'fence-lost' });
      await expect(write(bed.store, { ...lease, fence: 2 })).rejects.toMatchObject({ code: 'fence-lost' });
      await bed.store.cancel(job.id);
      await bed.store.redrive({}, 9);
      expect(await bed.job(job.id)).toMatchObject({ state: 'DONE', result: 'first', fence: 1 });
    });

    it.each(GUARDED_WRITES)('refuses a job that is not there: %s', async (_name, write) => {
      const lease = { jobId: 'nobody', fence: 1, leaseMs: LEASE_MS };
      await expect(write(bed.store, lease)).rejects.toMatchObject({ code: 'fence-lost' });
    });

    it('fails a refused write alone among those of its turn', async () => {
      const { lease } = await bed.running();
      const [refused, accepted] = await Promise.allSettled([
        bed.store.heartbeat({ ...lease, fence: 7 }),
        bed.accept(),
        bed.store.heartbeat(lease),
      ]);
      expect([refused.status, accepted.status]).toEqual(['rejected', 'fulfilled']);
    });

    it('refuses a checkpoint over 64 KiB and keeps the one before', async () => {
      const { job, lease } = await bed.running();
      await bed.store.checkpoint(lease, 'good');
      const tooLarge = bed.store.checkpoint(lease, 'x'.repeat(64 * 1024));
      await expect(tooLarge).rejects.toMatchObject({ code: 'invalid-job' });
      expect((await bed.job(job.id)).checkpoint).toBe('good');
    });

    it('holds a job with everything at its limit through its whole life', async () => {
      const kib = (count: number): string => 'x'.repeat(count * 1024 - 2);
      const targets = Array.from({ length: 80 }, (_, index) => `${index}${'\u20ac'.repeat(196)}`);
      const problem = { ...PROBLEM, message: '"'.repeat(1000), hint: '\\'.repeat(900) };
      const id = await bed.accept(
        { targets, payload: kib(96), hosts: ['h'.repeat(900)], maxAttempts: 2 },
        'k'.repeat(999),
      );
      for (const end of ['retry', 'bury', 'complete'] as const) {
        if (end === 'complete') await bed.store.redrive({ ids: [id] }, 1);
        const { job, lease } = await bed.claimOne();
        expect(job.targets).toHaveLength(80);
        await bed.store.checkpoint(lease, kib(64));
        for (let line = 0; line < 8; line += 1) await bed.store.progress(lease, kib(4));
        if (end === 'retry') await bed.store.retry(lease, bed.in(0), problem, kib(128));
        if (end === 'bury') await bed.store.bury(lease, problem, kib(128));
        if (end === 'complete') await bed.store.complete(lease, kib(128), [{ type: 'x', body: kib(64) }]);
      }
      expect(await bed.job(id)).toMatchObject({ state: 'DONE', checkpoint: kib(64), result: kib(128) });
      expect((await bed.store.log(id, 0, 99)).filter(({ type }) => type === 'progress')).toHaveLength(24);
      const told = await bed.store.outbox(bed.clock.now(), 9);
      expect(told.map(({ type }) => type)).toEqual(['event.dead_lettered', 'x']);
      expect(told[0]).toMatchObject({ body: { targets: (await bed.job(id)).targets } });
    });

    it('offers a job again when its lease has expired, at most as often as it has attempts', async () => {
      const id = await bed.accept({ targets: ['t'], maxAttempts: 2 });
      for (const fence of [1, 2]) {
        expect((await bed.claimOne()).job.fence).toBe(fence);
        expect(await bed.store.sweep(bed.in(LEASE_MS - 1), 9)).toBe(0);
        await bed.clock.advance(LEASE_MS);
        expect(await bed.store.sweep(bed.clock.now(), 9)).toBe(1);
      }
      expect(await bed.job(id)).toMatchObject({ state: 'DEAD', problem: { code: 'worker-lost' } });
      expect(await bed.store.outbox(bed.clock.now(), 9)).toMatchObject([{ type: 'event.dead_lettered', jobId: id }]);
      // its target is free again
      await bed.running({ targets: ['t'], kind: 'other' });
    });

    it('offers a job whose workers vanish for as long as each of them got on', async () => {
      const id = await bed.accept({ maxAttempts: 2 });
      for (let offset = 1; offset <= 5; offset += 1) {
        const { lease } = await bed.claimOne();
        await bed.store.checkpoint(lease, { offset });
        await bed.clock.advance(LEASE_MS);
        expect(await bed.store.sweep(bed.clock.now(), 9)).toBe(1);
      }
      expect(await bed.job(id)).toMatchObject({ state: 'READY', attempts: 0, checkpoint: { offset: 5 } });
    });

    it('survives a kill with everything that was acknowledged', async () => {
      const done = await bed.running();
      await bed.store.complete(done.lease, { ok: true });
      const running = await bed.running({ targets: ['t'] });
      await bed.store.checkpoint(running.lease, { offset: 9 });
      const waiting = await bed.accept({ kind: 'other' });
      await bed.crash();
      if (!subject.freesLeasesAtStart) {
        await bed.clock.advance(LEASE_MS);
        await bed.store.sweep(bed.clock.now(), 9);
      }
      await expect(bed.store.heartbeat(running.lease)).rejects.toMatchObject({ code: 'fence-lost' });
      expect(await bed.job(done.job.id)).toMatchObject({ state: 'DONE', result: { ok: true } });
      expect((await bed.job(waiting)).state).toBe('READY');
      const again = await bed.claimOne();
      expect(again.job).toMatchObject({ id: running.job.id, fence: 2, attempts: 1, checkpoint: { offset: 9 } });
    });
  });
}
