// The worker loop: claims jobs for the handlers that are free, runs them side by side, and ends without losing any. It knows no host:
// store, clock and signal are handed in, and `wake` tells it of new work before the next look.
import type { Clock } from './clock.ts';
import type { JobHandler } from './handler.ts';
import type { LeaseTimes } from './held-lease.ts';
import type { Claimed, JobStore, Room } from './job-store.ts';
import type { Job } from './job.ts';
import { runJob, type RunEnd } from './run-job.ts';

type WorkerKind = {
  handler: JobHandler;
  /** How many run at once. */
  concurrency: number;
  /** How many of these for a host; absent: all. */
  room?: Room;
};

export type WorkerOptions = {
  store: JobStore;
  kinds: Readonly<Record<string, WorkerKind>>;
  clock: Clock;
  /** Ends the worker: nothing more is claimed, running jobs are asked for a safe point. */
  signal: AbortSignal;
  random?: () => number;
  leaseMs?: number;
  times?: Partial<LeaseTimes>;
  /** How often it looks for work that became due by itself. */
  pollMs?: number;
  onStart?: (job: Job) => void;
  onEnd?: (job: Job, end: RunEnd & { durationMs: number }) => void;
  /** The store could not be asked for work; the worker asks again. */
  onTrouble?: (error: unknown) => void;
};

export type Worker = {
  /** There may be new work, of this kind; absent: of any. */
  wake(kind?: string): void;
  /** Resolves when the signal has fired and every running job was given back or ended. */
  ended: Promise<void>;
};

const LEASE_MS = 45_000;
const GRACE_MS = 10_000;
const POLL_MS = 1000;

export function startWorker(options: WorkerOptions): Worker {
  const { store, kinds, clock, signal, random = Math.random, leaseMs = LEASE_MS, pollMs = POLL_MS } = options;
  const { onStart = () => {}, onEnd = () => {}, onTrouble = () => {} } = options;
  const run = { store, clock, random, stop: signal, times: { graceMs: GRACE_MS, ...options.times } };
  const queues = Object.entries(kinds).map(([kind, { handler, concurrency, room }]) => ({
    kind,
    handler,
    concurrency,
    room,
    running: 0,
    isClaiming: false,
    isWoken: false,
  }));
  type Queue = (typeof queues)[number];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let callOffPoll = (): void => {};

  function wake(kind?: string): void {
    for (const queue of queues) if (kind === undefined || kind === queue.kind) void fill(queue);
  }

  /** Claims as many as are free; asked meanwhile, it looks once more. */
  async function fill(queue: Queue): Promise<void> {
    queue.isWoken = true;
    if (queue.isClaiming) return;
    queue.isClaiming = true;
    while (queue.isWoken && queue.running < queue.concurrency && !signal.aborted) {
      queue.isWoken = false;
      for (const claimed of await claim(queue)) void start(queue, claimed);
    }
    queue.isClaiming = false;
    endIfIdle();
  }

  async function claim({ kind, concurrency, room, running }: Queue): Promise<Claimed[]> {
    try {
      return await store.claim(kind, concurrency - running, leaseMs, room);
    } catch (error) {
      onTrouble(error);
      return [];
    }
  }

  async function start(queue: Queue, claimed: Claimed): Promise<void> {
    queue.running += 1;
    const startedAt = clock.now().getTime();
    onStart(claimed.job);
    const result = await runJob(run, claimed, queue.handler);
    queue.running -= 1;
    onEnd(claimed.job, { ...result, durationMs: clock.now().getTime() - startedAt });
    // Its targets are free now, for jobs of every kind.
    wake();
    endIfIdle();
  }

  function endIfIdle(): void {
    if (signal.aborted && queues.every(({ running, isClaiming }) => running === 0 && !isClaiming)) end();
  }

  function poll(): void {
    callOffPoll = clock.after(pollMs, poll);
    wake();
  }

  function stop(): void {
    callOffPoll();
    endIfIdle();
  }

  if (signal.aborted) stop();
  else {
    signal.addEventListener('abort', stop, { once: true });
    poll();
  }
  return { wake, ended };
}
