// Contract: slices, failures, cancellation, dead jobs and what is left of a job in the end.
import { describe, expect, it } from 'vitest';
import type { JobStoreSubject } from '../../../support/jobs/store-subject.ts';
import { LEASE_MS, PROBLEM, withJobStore } from './with-store.ts';

export function describeEnding(subject: JobStoreSubject): void {
  describe('slices', () => {
    const bed = withJobStore(subject);

    it('keeps the checkpoint and forgets the attempts when a slice got on', async () => {
      const { job, lease } = await bed.running();
      await bed.store.checkpoint(lease, { offset: 1 });
      expect(await bed.store.yield(lease, 'slice')).toBe('READY');
      expect(await bed.job(job.id)).toMatchObject({ state: 'READY', attempts: 0, fence: 1, checkpoint: { offset: 1 } });
      expect((await bed.claimOne()).job).toMatchObject({ advanced: false, attempts: 1, fence: 2 });
    });

    it('counts a slice that got nowhere, and buries the job that never does', async () => {
      const id = await bed.accept({ maxAttempts: 2 });
      // the first checkpoint is progress, the same one again is not
      for (const state of ['READY', 'READY', 'DEAD']) {
        const { lease } = await bed.claimOne();
        await bed.store.checkpoint(lease, 'the same');
        expect(await bed.store.yield(lease, 'slice')).toBe(state);
      }
      expect(await bed.job(id)).toMatchObject({ state: 'DEAD', fence: 3, problem: { code: 'timeout' } });
    });

    it('counts nothing when the process stops', async () => {
      const id = await bed.accept({ maxAttempts: 1 });
      for (let stop = 0; stop < 5; stop += 1) {
        expect(await bed.store.yield((await bed.claimOne()).lease, 'stop')).toBe('READY');
      }
      expect(await bed.job(id)).toMatchObject({ state: 'READY', attempts: 0, fence: 5 });
    });

    it('lets others go first after a slice', async () => {
      const { lease } = await bed.running({ payload: 'huge' });
      await bed.clock.advance(1000);
      await bed.accept({ payload: 'small' });
      await bed.clock.advance(1000);
      await bed.store.yield(lease, 'slice');
      const claimed = await bed.store.claim('mirror', 9, LEASE_MS);
      expect(claimed.map(({ job }) => job.payload)).toEqual(['small', 'huge']);
    });
  });

  describe('failures', () => {
    const bed = withJobStore(subject);

    it('offers a job again at the time that is asked for', async () => {
      const { job, lease } = await bed.running({ targets: ['t'] });
      expect(await bed.store.retry(lease, bed.in(2000), PROBLEM)).toBe('READY');
      expect(await bed.store.claim('mirror', 9, LEASE_MS)).toEqual([]);
      await bed.clock.advance(2000);
      expect((await bed.claimOne()).job).toMatchObject({ id: job.id, attempts: 2, problem: PROBLEM });
    });

    it('buries a job whose attempts are used up, and tells the outside once', async () => {
      const { job, lease } = await bed.running({ maxAttempts: 1 });
      expect(await bed.store.retry(lease, bed.in(0), PROBLEM)).toBe('DEAD');
      await bed.crash();
      expect(await bed.job(job.id)).toMatchObject({ state: 'DEAD', problem: PROBLEM, finishedAt: bed.clock.now() });
      const messages = await bed.store.outbox(bed.clock.now(), 9);
      expect(messages).toMatchObject([{ type: 'event.dead_lettered', body: { jobId: job.id, problem: PROBLEM } }]);
    });

    it('offers a job again and again as long as each try gets on', async () => {
      const id = await bed.accept({ maxAttempts: 4 });
      for (let offset = 1; offset <= 5; offset += 1) {
        const { lease } = await bed.claimOne();
        await bed.store.checkpoint(lease, { offset });
        expect(await bed.store.retry(lease, bed.in(0), PROBLEM)).toBe('READY');
      }
      for (const state of ['READY', 'DEAD']) {
        expect(await bed.store.retry((await bed.claimOne()).lease, bed.in(0), PROBLEM)).toBe(state);
      }
      expect(await bed.job(id)).toMatchObject({ state: 'DEAD', fence: 7 });
    });

    it('keeps what the last try told of its result, also of a dead job', async () => {
      const { job, lease } = await bed.running({ maxAttempts: 2 });
      await bed.store.retry(lease, bed.in(0), PROBLEM, { target: 'first' });
      expect(await bed.job(job.id)).toMatchObject({ state: 'READY', result: { target: 'first' } });
      await bed.store.retry((await bed.claimOne()).lease, bed.in(0), PROBLEM, { target: 'second' });
      expect(await bed.job(job.id)).toMatchObject({ state: 'DEAD', result: { target: 'second' } });
      await bed.store.redrive({ ids: [job.id] }, 1);
      await bed.store.bury((await bed.claimOne()).lease, PROBLEM, { target: 'third' });
      expect(await bed.job(job.id)).toMatchObject({ state: 'DEAD', result: { target: 'third' } });
      await bed.store.redrive({ ids: [job.id] }, 1);
      await bed.store.complete((await bed.claimOne()).lease);
      expect((await bed.job(job.id)).result).toBeUndefined();
    });

    it('buries at once what cannot be mended by trying again', async () => {
      const { job, lease } = await bed.running({ targets: ['t'] });
      await bed.store.bury(lease, { code: 'denied', message: 'no', hint: 'ask' });
      expect(await bed.job(job.id)).toMatchObject({ state: 'DEAD', problem: { code: 'denied', hint: 'ask' } });
      await bed.running({ targets: ['t'] });
    });

    it('keeps no secret and at most 2 KiB of a failure', async () => {
      const { job, lease } = await bed.running();
      const message = `https://u:hunter2@r.example/x?sig=hunter2 Bearer hunter2hunter2hunter2 ${'\u{1F4A3}'.repeat(3000)}`;
      await bed.store.retry(lease, bed.in(0), { code: 'internal', message });
      const { problem } = await bed.job(job.id);
      expect(Buffer.byteLength(JSON.stringify(problem))).toBeLessThanOrEqual(2048);
      expect(JSON.stringify([problem, await bed.store.log(job.id, 0, 9)])).not.toContain('hunter2');
    });

    it('offers dead jobs again, with fence, checkpoint and history', async () => {
      const { job, lease } = await bed.running({ targets: ['t'] });
      await bed.store.checkpoint(lease, 'here');
      await bed.store.bury(lease, PROBLEM);
      expect(await bed.store.redrive({ kind: 'other' }, 9)).toEqual([]);
      expect(await bed.store.redrive({ ids: [job.id, 'nobody'] }, 9)).toEqual([job.id]);
      expect(await bed.store.redrive({ ids: [job.id] }, 9)).toEqual([]);
      const redriven = await bed.claimOne();
      expect(redriven.job).toMatchObject({ fence: 2, attempts: 1, checkpoint: 'here', finishedAt: undefined });
      expect(await bed.eventTypes(job.id)).toEqual(['accepted', 'claimed', 'dead', 'redriven', 'claimed']);
    });

    it('offers as many dead jobs again as are asked for', async () => {
      for (let count = 0; count < 3; count += 1) await bed.store.bury((await bed.running()).lease, PROBLEM);
      expect(await bed.store.redrive({ kind: 'mirror' }, 2)).toHaveLength(2);
      expect((await bed.store.counts()).states).toMatchObject({ READY: 2, DEAD: 1 });
    });
  });

  describe('cancelling', () => {
    const bed = withJobStore(subject);

    it('ends a waiting job at once', async () => {
      const id = await bed.accept();
      expect(await bed.store.cancel(id)).toMatchObject({ state: 'CANCELLED', finishedAt: bed.clock.now() });
      expect(await bed.store.claim('mirror', 9, LEASE_MS)).toEqual([]);
    });

    it('tells the holder at the next heartbeat, and ends the job when that gives it back', async () => {
      const { job, lease } = await bed.running({ targets: ['t'] });
      expect(await bed.store.cancel(job.id)).toMatchObject({ state: 'LEASED', cancelRequested: true });
      expect(await bed.store.heartbeat(lease)).toEqual({ cancelRequested: true });
      expect(await bed.store.yield(lease, 'slice')).toBe('CANCELLED');
      expect(await bed.eventTypes(job.id)).toEqual(['accepted', 'claimed', 'cancelling', 'cancelled']);
      await bed.running({ targets: ['t'] });
    });

    it('does not offer again what fails or vanishes meanwhile', async () => {
      const failing = await bed.running();
      const vanishing = await bed.running();
      for (const { job } of [failing, vanishing]) await bed.store.cancel(job.id);
      expect(await bed.store.retry(failing.lease, bed.in(0), PROBLEM)).toBe('CANCELLED');
      await bed.store.sweep(bed.in(LEASE_MS), 9);
      expect((await bed.job(vanishing.job.id)).state).toBe('CANCELLED');
    });

    it('comes too late for what is done', async () => {
      const { job, lease } = await bed.running();
      await bed.store.cancel(job.id);
      await bed.store.complete(lease, 1);
      expect(await bed.store.cancel(job.id)).toMatchObject({ state: 'DONE', result: 1 });
    });

    it('says that there is no such job', async () => {
      await expect(bed.store.cancel('nobody')).rejects.toMatchObject({ code: 'not-found' });
    });
  });

  describe('looking back', () => {
    const bed = withJobStore(subject);

    it('tells the history of a job from any point on', async () => {
      const { job, lease } = await bed.running();
      await bed.store.progress(lease, { bytes: 1 });
      await bed.store.progress(lease, { bytes: 2 });
      await bed.store.complete(lease);
      const all = await bed.store.log(job.id, 0, 99);
      expect(all.map(({ sequence, type }) => [sequence, type])).toEqual([
        [1, 'accepted'],
        [2, 'claimed'],
        [3, 'progress'],
        [4, 'progress'],
        [5, 'done'],
      ]);
      expect(await bed.store.log(job.id, 2, 2)).toEqual(all.slice(2, 4));
      expect(await bed.store.log(job.id, 5, 9)).toEqual([]);
      expect(await bed.store.log('nobody', 0, 9)).toEqual([]);
    });

    it('forgets old progress of a job that tells very much, and nothing else', async () => {
      const { job, lease } = await bed.running();
      const told = Array.from({ length: 1300 }, (_, bytes) => ({ bytes }));
      await bed.told(lease, told.slice(0, 1198));
      await Promise.all(told.slice(1198).map((line) => bed.store.progress(lease, line)));
      await bed.store.yield(lease, 'stop');
      const all = await bed.store.log(job.id, 0, 2000);
      expect(all.slice(0, 2).map(({ type }) => type)).toEqual(['accepted', 'claimed']);
      expect(all.length).toBeGreaterThanOrEqual(1003);
      expect(all.length).toBeLessThan(1110);
      expect(all.at(-2)).toMatchObject({ sequence: 1302, data: { bytes: 1299 } });
      const sequences = all.map(({ sequence }) => sequence);
      expect(sequences).toEqual([...sequences].sort((one, other) => one - other));
      // who follows it sees what is left, in order
      expect(await bed.store.log(job.id, 2, 9)).toEqual(all.slice(2, 11));
      expect(await bed.store.log(job.id, sequences[500]!, 9)).toEqual(all.slice(501, 510));
    });

    it('lists jobs page by page, newest first, while more come in', async () => {
      const ids: string[] = [];
      for (let count = 0; count < 5; count += 1) ids.unshift(await bed.accept({ kind: count % 2 ? 'odd' : 'even' }));
      const first = await bed.store.list({}, 2);
      await bed.accept();
      const second = await bed.store.list({}, 2, first.next);
      const third = await bed.store.list({}, 2, second.next);
      expect([first, second, third].map(({ jobs }) => jobs.map(({ id }) => id))).toEqual([
        ids.slice(0, 2),
        ids.slice(2, 4),
        ids.slice(4),
      ]);
      expect(third.next).toBeUndefined();
      expect((await bed.store.list({ kind: 'odd', state: 'READY' }, 9)).jobs).toHaveLength(2);
      expect((await bed.store.list({ state: 'DEAD' }, 9)).jobs).toEqual([]);
      expect((await bed.store.list({}, 9, 'nonsense')).jobs).toEqual([]);
    });

    it('removes what ended long ago, with its key and its messages, and counts it', async () => {
      const { lease } = await bed.running();
      await bed.store.complete(lease, null, [{ type: 'x', body: null }]);
      const keyed = await bed.accept({ kind: 'other' }, 'key');
      await bed.store.cancel(keyed);
      const waiting = await bed.accept({ kind: 'other' });
      expect(await bed.store.purge(bed.in(0), 9)).toBe(0);
      await bed.clock.advance(1000);
      expect(await bed.store.purge(bed.in(0), 1)).toBe(1);
      expect(await bed.store.purge(bed.in(0), 9)).toBe(1);
      expect((await bed.store.list({}, 9)).jobs.map(({ id }) => id)).toEqual([waiting]);
      expect(await bed.store.outbox(bed.in(0), 9)).toEqual([]);
      expect(await bed.store.get(lease.jobId)).toBeUndefined();
      await bed.crash();
      expect(await bed.store.counts()).toMatchObject({ accepted: 3, purged: 2, states: { READY: 1, DONE: 0 } });
      expect((await bed.store.accept({ kind: 'other', payload: null }, 'key')).isNew).toBe(true);
    });
  });
}
