// Batches of messages and the jobs that they wake workers for, on a real store, in a time that the test moves.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIRRORS } from '../../../functions/job-kinds/job-limits.ts';
import type { Worker } from '../../../infra/aws/work/run-woken.ts';
import { takeMessages } from '../../../infra/aws/work/take-messages.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { JobContext, JobHandler } from '../../../shared/jobs/handler.ts';
import type { Json } from '../../../shared/jobs/json.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { settle } from '../../support/jobs/manual-clock.ts';
import { openWokenBed, type Sent, type WokenBed } from '../../support/jobs/woken-bed.ts';

const INVOCATION_MS = 240_000;

describe('a worker that messages wake', () => {
  let bed: WokenBed;
  beforeEach(async () => {
    bed = await openWokenBed();
  });
  afterEach(() => bed.close());

  const workerWith = (handler: JobHandler, more: Partial<Worker> = {}): Worker => ({
    store: bed.store,
    clock: bed.clock,
    random: () => 1,
    logger: silentLogger,
    metrics: noMetrics,
    ...MIRRORS,
    handler,
    ...more,
  });
  const take = (worker: Worker, messages: readonly Sent[] = bed.queue.splice(0), remainingMs = INVOCATION_MS) =>
    takeMessages(worker, messages, remainingMs);
  const failuresOf = async (answer: ReturnType<typeof take>) =>
    (await answer).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

  /** Runs until the test lets it go on, or until it is asked for a safe point. */
  function heldBack(): { handler: JobHandler; contexts: JobContext[]; release: (result?: Json) => void } {
    const contexts: JobContext[] = [];
    const { promise, resolve } = Promise.withResolvers<Json>();
    const handler: JobHandler = (context) => {
      contexts.push(context);
      return Promise.race([promise.then((result) => ({ result })), yieldOn(context.ending)]);
    };
    return { handler, contexts, release: (result = null) => resolve(result) };
  }

  function yieldOn(signal: AbortSignal): Promise<'yield'> {
    return new Promise((resolve) => {
      if (signal.aborted) resolve('yield');
      signal.addEventListener('abort', () => resolve('yield'), { once: true });
    });
  }

  it.each([
    ['no JSON', 'good morning'],
    ['JSON of another form', '{"job":1}'],
    ['too deep', '['.repeat(100)],
    ['a kind that this worker does not do', '{"jobId":"x","kind":"sweep"}'],
    ['a kind that nobody knows', '{"jobId":"x","kind":"poem"}'],
  ])('fails a message that is %s alone, and does the others', async (_, body) => {
    const id = await bed.accept({ payload: 7 });
    const worker = workerWith(async ({ job }) => ({ result: job.payload }));
    const answer = take(worker, [{ messageId: 'poison', body }, ...bed.queue.splice(0)]);
    expect(await failuresOf(answer)).toEqual(['poison']);
    expect(await bed.job(id)).toMatchObject({ state: 'DONE', result: 7 });
  });

  it('takes what a job fails with as its own business: the table keeps it, the message is done', async () => {
    const again = await bed.accept({ payload: 'again' });
    const never = await bed.accept({ payload: 'never' });
    const worker = workerWith(async ({ job }) => {
      throw new TransshipError('denied', 'no', { retryable: job.payload === 'again' });
    });
    expect(await failuresOf(take(worker))).toEqual([]);
    expect(await bed.job(again)).toMatchObject({ state: 'READY', attempts: 1, problem: { code: 'denied' } });
    expect((await bed.job(never)).state).toBe('DEAD');
  });

  it('fails the messages of all that it could not even ask for', async () => {
    await bed.accept();
    const claim = async (): Promise<never> => {
      throw new TransshipError('store-unavailable', 'no table', { retryable: true });
    };
    const worker = workerWith(async () => ({}), { store: { ...bed.store, claim } });
    expect(await failuresOf(take(worker, [...bed.queue, { messageId: 'x', body: '' }]))).toEqual(['x', 'm1']);
  });

  it('runs as many side by side as there are jobs told of, however often', async () => {
    for (let count = 0; count < 3; count += 1) await bed.accept();
    const [one, two] = bed.queue.splice(0);
    const { handler, contexts, release } = heldBack();
    const taking = take(workerWith(handler), [one!, two!, one!, two!, one!]);
    await settle();
    expect(contexts).toHaveLength(2);
    release();
    expect(await failuresOf(taking)).toEqual([]);
    // the third, which waited beside them
    expect((await bed.store.counts()).states).toMatchObject({ DONE: 3 });
  });

  it('does nothing for a message whose job is done, runs, or is gone', async () => {
    const id = await bed.accept();
    const [message] = bed.queue.splice(0);
    let runs = 0;
    const worker = workerWith(async () => {
      runs += 1;
      return {};
    });
    await take(worker, [message!]);
    await take(worker, [message!]);
    await take(worker, [{ messageId: 'y', body: JSON.stringify({ jobId: 'gone', kind: 'mirror' }) }]);
    expect({ runs, state: (await bed.job(id)).state }).toEqual({ runs: 1, state: 'DONE' });
  });

  it('goes on with what waits as long as there is time for it, then wakes another', async () => {
    for (let count = 0; count < 9; count += 1) await bed.accept({ payload: count });
    const [first] = bed.queue.splice(0);
    const done: Json[] = [];
    const worker = workerWith(async ({ job }) => {
      done.push(job.payload);
      bed.clock.step(30_000);
      return {};
    });
    await take(worker, [first!]);
    // 30, 60 and 90 seconds of 240
    expect(done).toEqual([0, 1, 2]);
    expect(bed.queue).toHaveLength(1);
    while (bed.queue.length > 0) await take(worker);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('carries a job that is longer than a slice on in the next invocations, from where it was', async () => {
    const id = await bed.accept();
    const slices: number[] = [];
    const worker = workerWith(async ({ job, ending, checkpoint }) => {
      let at = Number(job.checkpoint ?? 0);
      slices.push(at);
      while (!ending.aborted && at < 700) {
        at += 1;
        await checkpoint(at);
        await bed.clock.advance(1000);
      }
      return at === 700 ? { result: 'whole' } : 'yield';
    });
    while (bed.queue.length > 0) await take(worker);
    expect(slices).toEqual([0, 168, 336, 504, 672]);
    expect(await bed.job(id)).toMatchObject({ state: 'DONE', result: 'whole', attempts: 1, fence: 5 });
  });

  it('gives each job its half of a slice at least, and none of two halves is more than the slice', async () => {
    await bed.accept();
    await bed.accept();
    const [first] = bed.queue.splice(0);
    const lengths: number[] = [];
    const worker = workerWith(async ({ ending }) => {
      const from = bed.clock.now().getTime();
      if (lengths.length === 0) await bed.clock.advance(80_000);
      else while (!ending.aborted) await bed.clock.advance(1000);
      lengths.push(bed.clock.now().getTime() - from);
      return lengths.length === 1 ? {} : 'yield';
    });
    await take(worker, [first!]);
    expect(lengths).toEqual([80_000, 88_000]);
  });

  it('stops in time what does not come to a safe point: it is given back, and nothing runs when the answer is out', async () => {
    const id = await bed.accept();
    const heard: string[] = [];
    let runs = 0;
    const worker = workerWith(async ({ ending, signal }) => {
      runs += 1;
      ending.addEventListener('abort', () => heard.push(`ending ${sinceStart()}`));
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      heard.push(`over ${sinceStart()}`);
      runs -= 1;
      throw signal.reason;
    });
    const start = bed.clock.now().getTime();
    const sinceStart = (): number => (bed.clock.now().getTime() - start) / 1000;
    const taking = take(worker);
    await settle();
    await bed.clock.advance(INVOCATION_MS);
    await taking;
    expect({ runs, heard }).toEqual({ runs: 0, heard: ['ending 168', 'over 222'] });
    // its process stopped: that is no try of the job
    expect(await bed.job(id)).toMatchObject({ state: 'READY', attempts: 0, owner: undefined });
    expect(bed.queue).toHaveLength(1);
  });

  it('does not answer while something runs, and says so: the function is killed with it', async () => {
    const id = await bed.accept();
    const { promise, resolve } = Promise.withResolvers<object>();
    const told: unknown[] = [];
    const logger = { ...silentLogger, error: (message: string, fields?: object) => void told.push([message, fields]) };
    let isAnswered = false;
    const taking = take(workerWith(() => promise, { logger }));
    void taking.then(() => (isAnswered = true));
    await settle();
    await bed.clock.advance(INVOCATION_MS);
    expect({ isAnswered, told }).toEqual({
      isAnswered: false,
      told: [['jobs do not end; the function will be killed', { job_ids: [id] }]],
    });
    resolve({});
    await taking;
  });

  it('has no effect with a job that somebody else has meanwhile', async () => {
    const id = await bed.accept();
    const [thawed, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const effects: string[] = [];
    const handler = (name: string, until: Promise<void>): JobHandler => {
      return async ({ assertHeld }) => {
        await until;
        await assertHeld();
        effects.push(name);
        return {};
      };
    };
    const zombie = take(workerWith(handler('zombie', thawed.promise)));
    await settle();
    // as if it had been frozen: no heartbeat came
    bed.clock.step(60_000);
    expect(await bed.store.sweep(bed.clock.now(), 9)).toBe(1);
    const other = take(workerWith(handler('other', released.promise)));
    await settle();
    thawed.resolve();
    await zombie;
    expect({ effects, job: await bed.job(id) }).toMatchObject({ effects: [], job: { state: 'LEASED', fence: 2 } });
    released.resolve();
    await other;
    expect({ effects, job: await bed.job(id) }).toMatchObject({ effects: ['other'], job: { state: 'DONE', fence: 2 } });
  });
});
