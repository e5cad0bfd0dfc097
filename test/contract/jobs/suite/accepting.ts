// Contract: how jobs get in.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../shared/jobs/json.ts';
import { Secret } from '../../../../shared/telemetry/secret.ts';
import type { JobStoreSubject } from '../../../support/jobs/store-subject.ts';
import { LEASE_MS, PROBLEM, withJobStore } from './with-store.ts';

export function describeAccepting(subject: JobStoreSubject): void {
  describe('accepting', () => {
    const bed = withJobStore(subject);

    it('stores a job that is offered at once', async () => {
      const id = await bed.accept({
        targets: ['b/t', 'a/t', 'b/t'],
        hosts: ['s.example', 'r.example', 's.example'],
        payload: { source: 'x' },
        priority: 3,
      });
      expect(await bed.job(id)).toEqual({
        id,
        kind: 'mirror',
        targets: ['a/t', 'b/t'],
        coalesce: '["a/t","b/t"]',
        hosts: ['r.example', 's.example'],
        payload: { source: 'x' },
        priority: 3,
        state: 'READY',
        acceptedAt: bed.clock.now(),
        runAt: bed.clock.now(),
        leaseUntil: undefined,
        owner: undefined,
        fence: 0,
        attempts: 0,
        maxAttempts: 8,
        advanced: false,
        cancelRequested: false,
        checkpoint: undefined,
        result: undefined,
        problem: undefined,
        supersededBy: undefined,
        traceparent: undefined,
        finishedAt: undefined,
      });
    });

    it('gives the first job for a known key, and stores nothing', async () => {
      const first = await bed.store.accept({ kind: 'mirror', payload: 1 }, 'key');
      const again = await bed.store.accept({ kind: 'mirror', payload: 2 }, 'key');
      expect([first.isNew, again]).toEqual([true, { id: first.id, isNew: false }]);
      expect((await bed.job(first.id)).payload).toBe(1);
      expect((await bed.store.counts()).accepted).toBe(1);
    });

    it('makes one job of thirty racing acceptances of a key', async () => {
      const race = Array.from({ length: 30 }, () => bed.store.accept({ kind: 'mirror', payload: null }, 'key'));
      const accepted = await Promise.all(race);
      expect(accepted.filter(({ isNew }) => isNew)).toHaveLength(1);
      expect(new Set(accepted.map(({ id }) => id)).size).toBe(1);
    });

    it('knows a key after the job has ended and after a kill', async () => {
      const { job, lease } = await bed.running();
      const keyed = await bed.accept({ kind: 'other' }, 'key');
      await bed.store.complete(lease);
      await bed.crash();
      expect(await bed.store.accept({ kind: 'other', payload: null }, 'key')).toEqual({ id: keyed, isNew: false });
      expect((await bed.job(job.id)).state).toBe('DONE');
    });

    it('suppresses nothing without a key', async () => {
      await bed.accept();
      await bed.accept();
      expect((await bed.store.counts()).states.READY).toBe(2);
    });

    it('lets a newer job take the place of a waiting one for the same targets', async () => {
      const older = await bed.accept({ targets: ['b/t', 'a/t'] }, 'A');
      const newer = await bed.accept({ targets: ['a/t', 'b/t'] }, 'B');
      expect(await bed.job(older)).toMatchObject({ state: 'SUPERSEDED', supersededBy: newer });
      expect(await bed.eventTypes(older)).toEqual(['accepted', 'superseded']);
      expect((await bed.store.claim('mirror', 9, LEASE_MS)).map(({ job }) => job.id)).toEqual([newer]);
    });

    it('keeps the last of A, B and A again', async () => {
      for (const key of ['1', '2', '3']) await bed.accept({ targets: ['t'], payload: key }, key);
      const [claimed] = await bed.store.claim('mirror', 9, LEASE_MS);
      expect(claimed?.job.payload).toBe('3');
    });

    it('goes by the purpose of the jobs, where that is said, not by their targets', async () => {
      const ofOne = await bed.accept({ targets: ['t'], coalesce: 'one to t' });
      const ofOther = await bed.accept({ targets: ['t'], coalesce: 'other to t' });
      const plain = await bed.accept({ targets: ['t'] });
      expect((await bed.store.counts()).states).toMatchObject({ READY: 3, SUPERSEDED: 0 });
      const again = await bed.accept({ targets: ['t', 'u'], coalesce: 'one to t' });
      expect(await bed.job(ofOne)).toMatchObject({ state: 'SUPERSEDED', supersededBy: again });
      for (const id of [ofOther, plain]) expect((await bed.job(id)).state).toBe('READY');
      // they still take turns
      expect(await bed.store.claim('mirror', 9, LEASE_MS)).toHaveLength(1);
    });

    it('supersedes neither other targets, nor other kinds, nor jobs without targets', async () => {
      await bed.accept({ targets: ['a', 'b'] });
      await bed.accept({ targets: ['a'] });
      await bed.accept({ targets: ['a'], kind: 'other' });
      await bed.accept({ targets: [] });
      await bed.accept({ targets: [] });
      expect((await bed.store.counts()).states).toMatchObject({ READY: 5, SUPERSEDED: 0 });
    });

    it('lets a running job run, and the newer one follow it', async () => {
      const { job, lease } = await bed.running({ targets: ['t'] });
      const newer = await bed.accept({ targets: ['t'] });
      expect((await bed.job(job.id)).state).toBe('LEASED');
      expect(await bed.store.claim('mirror', 9, LEASE_MS)).toEqual([]);
      await bed.store.complete(lease);
      expect((await bed.claimOne()).job.id).toBe(newer);
    });

    it('keeps the place in the queue of the job it stands for', async () => {
      const first = await bed.accept({ targets: ['busy'] });
      await bed.clock.advance(1000);
      await bed.accept({ targets: ['quiet'] });
      await bed.clock.advance(1000);
      const newest = await bed.accept({ targets: ['busy'] });
      const [next] = await bed.store.claim('mirror', 1, LEASE_MS);
      expect(next?.job.id).toBe(newest);
      expect(next?.job.runAt).toEqual((await bed.job(first)).acceptedAt);
    });

    it('goes on at once where the older one waited after a failure, with its progress', async () => {
      const { lease } = await bed.running({ targets: ['t'] });
      await bed.store.checkpoint(lease, { offset: 7 });
      await bed.store.retry(lease, bed.in(60_000), PROBLEM);
      const newer = await bed.accept({ targets: ['t'] });
      const { job } = await bed.claimOne();
      expect(job).toMatchObject({ id: newer, checkpoint: { offset: 7 }, attempts: 1 });
    });

    it('keeps any plain data as it is, through a kill', async () => {
      const some = fc.array(fc.jsonValue({ maxDepth: 4 }), { minLength: 5, maxLength: 9 });
      const payloads = fc.sample(some, { numRuns: 8, seed: 4 }) as Json[];
      // JSON has no negative zero.
      const written = payloads.map((payload) => JSON.parse(JSON.stringify(payload)) as Json);
      const ids = await Promise.all(payloads.map((payload) => bed.accept({ payload })));
      await bed.crash();
      for (const [index, id] of ids.entries()) expect((await bed.job(id)).payload).toEqual(written[index]);
    });

    it('refuses a secret, wherever it hides', async () => {
      const secret = new Secret('hunter2');
      // @ts-expect-error a Secret is no plain data
      const direct = bed.accept({ payload: { deep: [{ password: secret }] } });
      await expect(direct).rejects.toMatchObject({
        code: 'invalid-job',
        message: 'payload.deep[0].password is no plain data',
      });
      const { lease } = await bed.running();
      const smuggled = secret as unknown as Json;
      const writes = [
        bed.store.checkpoint(lease, { smuggled }),
        bed.store.progress(lease, [smuggled]),
        bed.store.complete(lease, smuggled),
        bed.store.complete(lease, null, [{ type: 'x', body: { smuggled } }]),
      ];
      for (const write of writes) await expect(write).rejects.toMatchObject({ code: 'invalid-job' });
      expect(await bed.job(lease.jobId)).toMatchObject({ state: 'LEASED', checkpoint: undefined });
    });

    it.each<[string, object]>([
      ['a payload that is too large', { payload: 'x'.repeat(97 * 1024) }],
      ['what is no number', { payload: Number.NaN }],
      ['a date', { payload: new Date() }],
      ['a kind without a name', { kind: '' }],
      ['a target without a name', { targets: [''] }],
      ['a host without a name', { hosts: [''] }],
      ['a purpose without a name', { coalesce: '' }],
      ['too many targets', { targets: Array.from({ length: 81 }, (_, index) => `t${index}`) }],
      [
        'targets that are too long together',
        { targets: Array.from({ length: 80 }, (_, index) => `${index}${'t'.repeat(640)}`) },
      ],
      ['a trace that is no trace', { traceparent: 'x'.repeat(2000) }],
      ['no attempts', { maxAttempts: 0 }],
    ])('refuses %s, and only that', async (_name, job) => {
      const refused = bed.accept(job);
      const good = bed.accept();
      await expect(refused).rejects.toMatchObject({ code: 'invalid-job' });
      expect((await bed.job(await good)).state).toBe('READY');
      expect((await bed.store.counts()).accepted).toBe(1);
    });
  });
}
