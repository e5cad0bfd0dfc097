// The worker loop on a real store, in a time that the test moves.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import type { JobContext, JobHandler } from '../../../shared/jobs/handler.ts';
import { relayOutbox } from '../../../shared/jobs/relay-outbox.ts';
import { upkeep } from '../../../shared/jobs/upkeep.ts';
import { startWorker, type Worker, type WorkerOptions } from '../../../shared/jobs/worker.ts';
import type { Json } from '../../../shared/jobs/json.ts';
import { settle } from '../../support/jobs/manual-clock.ts';
import { sqliteSubject } from '../../support/jobs/sqlite-subject.ts';
import { withStore } from './suite/with-store.ts';

describe('the worker', () => {
  const bed = withStore(sqliteSubject);
  let stop = new AbortController();
  let worker: Worker | undefined;
  let ends: string[] = [];
  beforeEach(() => {
    stop = new AbortController();
    worker = undefined;
    ends = [];
  });
  afterEach(async () => {
    stop.abort();
    await bed.clock.advance(60_000);
    await worker?.ended;
  });

  async function start(handler: JobHandler, options: Partial<WorkerOptions> = {}, concurrency = 4): Promise<void> {
    const { store, clock } = bed;
    const onEnd: WorkerOptions['onEnd'] = (_job, { state }) => void ends.push(state);
    worker = startWorker({
      store,
      clock,
      kinds: { mirror: { handler, concurrency } },
      signal: stop.signal,
      random: () => 1,
      onEnd,
      ...options,
    });
    await settle();
  }

  /** A handler that waits until the test lets it go on. */
  function heldBack(): { handler: JobHandler; contexts: JobContext[]; release: (outcome?: Json) => void } {
    const contexts: JobContext[] = [];
    const { promise, resolve } = Promise.withResolvers<Json>();
    const handler: JobHandler = async (context) => {
      contexts.push(context);
      return { result: await promise };
    };
    return { handler, contexts, release: (outcome = null) => resolve(outcome) };
  }

  it('does a job and keeps result and messages', async () => {
    const id = await bed.accept({ payload: 7 });
    await start(async ({ job }) => ({ result: { saw: job.payload }, outbox: [{ type: 'x', body: 1 }] }));
    expect(await bed.job(id)).toMatchObject({ state: 'DONE', result: { saw: 7 } });
    const told: string[] = [];
    expect(
      await relayOutbox(
        bed.store,
        async ({ type }) => void told.push(type),
        bed.clock,
        () => 1,
      ),
    ).toBe(1);
    expect(told).toEqual(['x']);
    expect(
      await relayOutbox(
        bed.store,
        async () => {},
        bed.clock,
        () => 1,
      ),
    ).toBe(0);
  });

  it('takes new work when it is woken, and what became due without that', async () => {
    await start(async () => ({}));
    await bed.accept();
    worker?.wake();
    await settle();
    expect(ends).toEqual(['DONE']);
    await bed.accept({ runAt: bed.in(5000) });
    await bed.clock.advance(4000);
    expect(ends).toHaveLength(1);
    await bed.clock.advance(2000);
    expect(ends).toEqual(['DONE', 'DONE']);
  });

  it('runs as many at once as it may, and goes on when one ends', async () => {
    const { handler, contexts, release } = heldBack();
    for (let count = 0; count < 5; count += 1) await bed.accept();
    await start(handler, {}, 2);
    await bed.clock.advance(3000);
    expect(contexts).toHaveLength(2);
    release();
    await bed.clock.advance(1000);
    expect(ends).toEqual(['DONE', 'DONE', 'DONE', 'DONE', 'DONE']);
  });

  it('keeps a long job by heartbeats', async () => {
    const id = await bed.accept();
    const { handler, release } = heldBack();
    await start(handler);
    for (let minute = 0; minute < 5; minute += 1) {
      await bed.clock.advance(60_000);
      expect(await upkeep(bed.store, bed.clock, Math.random)).toMatchObject({ freed: 0 });
    }
    release('late');
    await settle();
    expect(await bed.job(id)).toMatchObject({ state: 'DONE', result: 'late', fence: 1 });
  });

  it('tries again what may pass, later each time, and gives up in the end', async () => {
    const id = await bed.accept({ maxAttempts: 3 });
    await start(async () => {
      throw new TransshipError('registry-unavailable', 'down', { retryable: true });
    });
    expect(await bed.job(id)).toMatchObject({ state: 'READY', runAt: bed.in(2000) });
    await bed.clock.advance(2000);
    expect(await bed.job(id)).toMatchObject({ state: 'READY', runAt: bed.in(4000) });
    await bed.clock.advance(5000);
    expect(await bed.job(id)).toMatchObject({ state: 'DEAD', attempts: 3, problem: { code: 'registry-unavailable' } });
  });

  it('waits at least as long as the registry asked for', async () => {
    const id = await bed.accept();
    await start(async () => {
      throw new TransshipError('too-many-requests', 'slow down', { retryable: true, retryAfterMs: 90_000 });
    });
    expect((await bed.job(id)).runAt).toEqual(bed.in(90_000));
  });

  it('gives up at once on what cannot pass, and tries again what nobody expected', async () => {
    const denied = await bed.accept({ payload: 'denied' });
    const bug = await bed.accept({ payload: 'bug' });
    await start(async ({ job }) => {
      if (job.payload === 'denied') throw new TransshipError('denied', 'no');
      throw new TypeError('cannot read password=hunter2 of undefined');
    });
    expect(await bed.job(denied)).toMatchObject({ state: 'DEAD', problem: { code: 'denied' } });
    expect(await bed.job(bug)).toMatchObject({ state: 'READY', problem: { code: 'internal' } });
    expect(JSON.stringify(await bed.job(bug))).not.toContain('hunter2');
  });

  it('keeps what a failed try told of its result', async () => {
    const id = await bed.accept({ maxAttempts: 2 });
    await start(async ({ job }) => ({
      error: new TransshipError('registry-unavailable', 'down', { retryable: true }),
      result: { tries: job.attempts },
    }));
    expect(await bed.job(id)).toMatchObject({ state: 'READY', result: { tries: 1 } });
    await bed.clock.advance(5000);
    expect(await bed.job(id)).toMatchObject({ state: 'DEAD', result: { tries: 2 } });
  });

  it('tells a failure without the result where that cannot be kept', async () => {
    const id = await bed.accept();
    await start(async () => ({ error: new TransshipError('denied', 'no'), result: 'x'.repeat(200_000) }));
    expect(await bed.job(id)).toMatchObject({ state: 'DEAD', problem: { code: 'denied' }, result: undefined });
  });

  it('waits a day at most, whatever the registry asked for, and troubles nobody else', async () => {
    const id = await bed.accept();
    await start(async () => {
      throw new TransshipError('too-many-requests', 'away', { retryable: true, retryAfterMs: 1e19 });
    });
    expect(await bed.job(id)).toMatchObject({ state: 'READY', runAt: bed.in(24 * 3_600_000) });
  });

  it('leaves room for the other hosts', async () => {
    const { handler, contexts, release } = heldBack();
    for (const host of ['a', 'a', 'a', 'b']) await bed.accept({ hosts: [host] });
    await start(handler, { kinds: { mirror: { handler, concurrency: 3, room: { perHost: 2, perRoute: 1 } } } });
    expect(contexts.map(({ job }) => job.hosts)).toEqual([['a'], ['b']]);
    release();
    await settle();
    expect(ends).toEqual(['DONE', 'DONE', 'DONE', 'DONE']);
  });

  it('does good jobs while bad ones fail', async () => {
    for (let count = 0; count < 40; count += 1) await bed.accept({ payload: count % 4 === 0 ? 'bad' : 'good' });
    await start(async ({ job }) => {
      if (job.payload === 'bad') throw new TransshipError('denied', 'no');
      return {};
    });
    await bed.clock.advance(2000);
    expect((await bed.store.counts()).states).toMatchObject({ DONE: 30, DEAD: 10, READY: 0 });
  });

  it('buries a job whose result cannot be kept', async () => {
    const id = await bed.accept();
    await start(async () => ({ result: 'x'.repeat(200_000) }));
    expect(await bed.job(id)).toMatchObject({ state: 'DEAD', problem: { code: 'invalid-job' } });
  });

  it('works in slices, from checkpoint to checkpoint', async () => {
    const id = await bed.accept();
    const from: unknown[] = [];
    await start(
      async ({ job, ending, checkpoint }) => {
        from.push(job.checkpoint ?? 0);
        const at = Number(job.checkpoint ?? 0) + 1;
        await checkpoint(at);
        if (at === 3) return {};
        await once(ending, 'abort');
        return 'yield';
      },
      { times: { sliceMs: 60_000 } },
    );
    await bed.clock.advance(150_000);
    expect(from).toEqual([0, 1, 2]);
    expect(await bed.job(id)).toMatchObject({ state: 'DONE', fence: 3, attempts: 1 });
  });

  it('asks a cancelled job for a safe point, then ends it', async () => {
    const id = await bed.accept();
    let signal: AbortSignal | undefined;
    await start(async (context) => {
      signal = context.signal;
      await once(context.ending, 'abort');
      throw context.ending.reason as Error;
    });
    await bed.store.cancel(id);
    await bed.clock.advance(15_000);
    expect([await bed.job(id), signal?.aborted]).toMatchObject([{ state: 'CANCELLED' }, false]);
  });

  it('stops without another effect when somebody else has the job', async () => {
    const id = await bed.accept();
    const { handler, contexts, release } = heldBack();
    await start(handler);
    // as if this process had been stopped for a while
    bed.clock.step(50_000);
    await bed.store.sweep(bed.clock.now(), 9);
    const other = await bed.claimOne();
    await expect(contexts[0]?.assertHeld()).rejects.toMatchObject({ code: 'fence-lost' });
    expect(contexts[0]?.signal.aborted).toBe(true);
    release('stale');
    await settle();
    expect(ends).toEqual(['lost']);
    expect(await bed.job(id)).toMatchObject({ state: 'LEASED', fence: other.lease.fence, result: undefined });
    await bed.store.complete(other.lease);
  });

  it('gives everything back when the process stops, and counts no attempt', async () => {
    const id = await bed.accept();
    const later = await bed.accept({ runAt: bed.in(1000) });
    await start(async ({ ending, checkpoint }) => {
      await once(ending, 'abort');
      await checkpoint('here');
      return 'yield';
    });
    stop.abort();
    await worker?.ended;
    await bed.clock.advance(5000);
    expect(await bed.job(id)).toMatchObject({ state: 'READY', attempts: 0, checkpoint: 'here' });
    expect((await bed.job(later)).fence).toBe(0);
  });

  it('waits for a safe point only so long', async () => {
    const id = await bed.accept();
    await start(async ({ signal }) => {
      await once(signal, 'abort');
      throw new Error('socket closed');
    });
    stop.abort();
    await bed.clock.advance(9000);
    expect(ends).toEqual([]);
    await bed.clock.advance(1000);
    expect(ends).toEqual(['READY']);
    expect(await bed.job(id)).toMatchObject({ state: 'READY', attempts: 0, problem: undefined });
  });

  it('keeps one line of progress a second', async () => {
    const id = await bed.accept();
    const { handler, release } = heldBack();
    await start(async (context) => {
      for (let tick = 0; tick < 20; tick += 1) {
        context.progress({ tick });
        await new Promise<void>((resolve) => void bed.clock.after(250, resolve));
      }
      return handler(context);
    });
    await bed.clock.advance(10_000);
    release();
    await settle();
    const ticks = (await bed.store.log(id, 0, 99)).filter(({ type }) => type === 'progress').map(({ data }) => data);
    expect(ticks).toEqual([0, 4, 8, 12, 16, 19].map((tick) => ({ tick: expect.closeTo(tick, -0.5) as number })));
  });

  it('outlasts a store that fails for a while', async () => {
    const id = await bed.accept();
    const { handler, release } = heldBack();
    const troubles: unknown[] = [];
    let fails = false;
    const failing = new Proxy(bed.store, {
      get(store, name) {
        if (!fails) return Reflect.get(store, name) as unknown;
        return () => Promise.reject(new TransshipError('store-unavailable', 'disk full', { retryable: true }));
      },
    });
    await start(handler, { store: failing, onTrouble: (error) => void troubles.push(error) });
    fails = true;
    release('kept');
    await bed.clock.advance(20_000);
    expect((await bed.job(id)).state).toBe('LEASED');
    fails = false;
    await bed.clock.advance(2000);
    expect(await bed.job(id)).toMatchObject({ state: 'DONE', result: 'kept' });
    expect(troubles.length).toBeGreaterThan(5);
  });
});

describe('upkeep and relay', () => {
  const bed = withStore(sqliteSubject);

  it('frees, fires and removes, each in its time', async () => {
    const { lease } = await bed.running();
    await bed.store.complete(lease);
    await bed.running();
    const timing = { cron: '0 3 * * *', timeZone: 'Europe/Rome' };
    await bed.store.schedule({ id: 'nightly', timing, job: { kind: 'sync', payload: null }, nextAt: bed.in(60_000) });
    await bed.clock.advance(60_000);
    expect(await upkeep(bed.store, bed.clock, () => 0)).toEqual({ freed: 1, fired: 1, purged: 0 });
    expect((await bed.store.schedules())[0]?.nextAt).toEqual(new Date('2026-11-22T02:00:00Z'));
    bed.clock.step(15 * 24 * 3_600_000);
    expect(await upkeep(bed.store, bed.clock, () => 0)).toMatchObject({ purged: 1 });
  });

  it('puts off a message that cannot be delivered, and delivers the others', async () => {
    const { lease } = await bed.running();
    await bed.store.complete(
      lease,
      null,
      [1, 2, 3].map((body) => ({ type: 'x', body })),
    );
    const deliver = async ({ body }: { body: Json }): Promise<void> => {
      if (body === 2) throw new TransshipError('timeout', 'no answer', { retryAfterMs: 30_000 });
    };
    expect(await relayOutbox(bed.store, deliver, bed.clock, () => 1)).toBe(2);
    expect(await bed.store.outbox(bed.in(29_000), 9)).toEqual([]);
    expect(await bed.store.outbox(bed.in(30_000), 9)).toMatchObject([{ body: 2, attempts: 1 }]);
  });
});
