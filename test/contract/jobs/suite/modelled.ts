// Contract: random schedules of operations, with kills between them, give what the model says; and the invariants hold after each step.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTransshipError } from '../../../../shared/errors.ts';
import type { Room } from '../../../../shared/jobs/job-store.ts';
import { JOB_EVENT_TYPES, type Job, type Lease, type NewJob } from '../../../../shared/jobs/job.ts';
import { manualClock, type ManualClock } from '../../../support/jobs/manual-clock.ts';
import type { JobStoreSubject, OpenedJobs } from '../../../support/jobs/store-subject.ts';
import { jobStoreModel, type Model, type ModelJob } from '../model.ts';
import { PROBLEM } from './with-store.ts';

type Step =
  | {
      do: 'accept';
      job: Omit<NewJob, 'runAt' | 'coalesce'> & { inMs: number };
      coalesce: string | undefined;
      key: string | undefined;
    }
  | { do: 'claim'; kind: string; limit: number; leaseMs: number; room: Room | undefined }
  | { do: 'heartbeat' | 'bury'; lease: number }
  | { do: 'checkpoint'; lease: number; state: number }
  | { do: 'yield'; lease: number; why: 'slice' | 'stop' }
  | { do: 'complete'; lease: number; messages: number }
  | { do: 'retry'; lease: number; inMs: number }
  | { do: 'cancel'; job: number }
  | { do: 'redrive'; kind: string; limit: number }
  | { do: 'sweep' | 'kill' }
  | { do: 'purge'; beforeMs: number }
  | { do: 'time'; ms: number };

const kind = fc.constantFrom('mirror', 'sync');
/** Counted from the newest one; the older ones are those of zombies. */
const lease = fc.nat(6);
const limit = fc.integer({ min: 1, max: 4 });
const accept = fc.record({
  do: fc.constant('accept' as const),
  job: fc.record({
    kind,
    targets: fc.subarray(['a', 'b', 'c', 'd'], { maxLength: 2 }),
    hosts: fc.subarray(['r', 's', 't'], { maxLength: 2 }),
    payload: fc.nat(9),
    priority: fc.constantFrom(0, 0, 5),
    maxAttempts: fc.integer({ min: 1, max: 3 }),
    inMs: fc.constantFrom(0, 0, 1000),
  }),
  coalesce: fc.option(fc.constantFrom('x', 'y'), { nil: undefined, freq: 1 }),
  key: fc.option(fc.constantFrom('k1', 'k2', 'k3'), { nil: undefined, freq: 1 }),
});
const leaseMs = fc.constantFrom(1000, 45_000);
const room = fc.option(fc.record({ perHost: fc.integer({ min: 1, max: 3 }), perRoute: fc.constantFrom(1, 2) }), {
  nil: undefined,
});
const why = fc.constantFrom('slice' as const, 'stop' as const);
// an hour back makes waiting work wait: seldom, or nothing else would ever happen
const ms = fc.constantFrom(1, 1000, 1000, 2000, 50_000, 50_000, 3_600_000, -1000, -3_600_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: accept },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('claim' as const), kind, limit, leaseMs, room }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('heartbeat' as const, 'bury' as const), lease }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('checkpoint' as const), lease, state: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('yield' as const), lease, why }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('complete' as const), lease, messages: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('retry' as const), lease, inMs: fc.constantFrom(0, 2000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), job: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('redrive' as const), kind, limit }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('sweep' as const, 'kill' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const), beforeMs: fc.constantFrom(0, 60_000) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('time' as const), ms }) },
);
const schedule = (maxLength: number) => fc.array(step, { minLength: 30, maxLength, size: 'max' });

/** SEED=… runs one schedule set again; RUNS=… makes the campaign longer. */
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const RUNS = process.env['RUNS'];
/** So many schedules go everywhere. */
const MANY = 40;

export function describeModelled(subject: JobStoreSubject): void {
  const runs = Number(RUNS ?? subject.schedules ?? MANY);
  describe('compared with the model', () => {
    it(
      `does the same over ${runs} random schedules, seed ${seed}`,
      async () => {
        const seen = new Set<string>();
        const property = fc.asyncProperty(schedule(subject.schedules === undefined ? 120 : 60), async (steps) => {
          const clock = manualClock();
          const run = { clock, opened: await subject.open(clock), model: jobStoreModel(subject.freesLeasesAtStart) };
          const watch = invariants(seen);
          const leases: Lease[] = [];
          try {
            for (const one of steps) {
              run.model.now = clock.now().getTime();
              const [expected, actual] = await both(run, one, leases);
              expect({ one, answer: actual }).toEqual({ one, answer: expected });
              await watch(run, 'what changed');
            }
            await watch(run, 'everything');
          } finally {
            await run.opened.remove();
          }
        });
        // the limit ends the search for a smaller counterexample, which opens hundreds of stores
        await fc.assert(property, { seed, numRuns: runs, plugins: [fc.interruptAfterTimeLimit(30_000 + runs * 1000)] });
        const everywhere = runs >= MANY ? JOB_EVENT_TYPES : [];
        expect([...seen, 'progress']).toEqual(expect.arrayContaining([...everywhere]));
      },
      120_000 + runs * 1000,
    );
  });
}

type Run = { clock: ManualClock; opened: OpenedJobs; model: Model };

/** Takes one step in the model and in the store; gives what each answered. */
async function both(run: Run, one: Step, leases: Lease[]): Promise<[expected: unknown, actual: unknown]> {
  const { clock, model } = run;
  const { store } = run.opened;
  const at = (ms: number): Date => new Date(model.now + ms);
  switch (one.do) {
    case 'accept': {
      const { inMs, ...rest } = one.job;
      const { coalesce } = one;
      const asked = { ...rest, runAt: at(inMs), ...(coalesce === undefined ? {} : { coalesce }) };
      const actual = await store.accept(asked, one.key);
      return [model.accept(asked, one.key, actual.id), actual];
    }
    case 'claim': {
      const claimed = await store.claim(one.kind, one.limit, one.leaseMs, one.room);
      leases.push(...claimed.map(({ lease }) => lease));
      const actual = claimed.map(({ job }) => ({ jobId: job.id, fence: job.fence }));
      return [model.claim(one.kind, one.limit, one.leaseMs, one.room), actual];
    }
    case 'cancel': {
      const id = model.jobs[one.job % Math.max(1, model.jobs.length)]?.id ?? 'nobody';
      const actual = await store.cancel(id).catch(() => undefined);
      return [model.cancel(id), actual?.state];
    }
    case 'redrive':
      return [model.redrive(one.kind, one.limit), await store.redrive({ kind: one.kind }, one.limit)];
    case 'sweep':
      return [model.sweep(99), await store.sweep(at(0), 99)];
    case 'purge':
      return [model.purge(model.now - one.beforeMs, 99), await store.purge(at(-one.beforeMs), 99)];
    case 'time':
      return [undefined, clock.step(one.ms)];
    case 'kill':
      run.opened = await run.opened.crash();
      return [model.restart(), undefined];
    default: {
      const lease = leases.at(-1 - (one.lease % Math.max(1, leases.length))) ?? {
        jobId: 'nobody',
        fence: 1,
        leaseMs: 1000,
      };
      return holderStep(run, one, lease);
    }
  }
}

type HolderStep = Extract<Step, { lease: number }>;

async function holderStep(
  { model, opened: { store } }: Run,
  one: HolderStep,
  lease: Lease,
): Promise<[unknown, unknown]> {
  const messages = (count: number) => Array.from({ length: count }, (_, index) => ({ type: 'x', body: index }));
  switch (one.do) {
    case 'heartbeat':
      return [model.heartbeat(lease), await answer(store.heartbeat(lease))];
    case 'checkpoint':
      return [model.checkpoint(lease, one.state), await answer(store.checkpoint(lease, one.state))];
    case 'yield':
      return [model.yield(lease, one.why), await answer(store.yield(lease, one.why))];
    case 'complete':
      return [model.complete(lease, one.messages), await answer(store.complete(lease, null, messages(one.messages)))];
    case 'retry': {
      const at = model.now + one.inMs;
      return [model.retry(lease, at), await answer(store.retry(lease, new Date(at), PROBLEM))];
    }
    case 'bury':
      return [model.bury(lease), await answer(store.bury(lease, PROBLEM))];
    default:
      return one;
  }
}

async function answer(write: Promise<unknown>): Promise<unknown> {
  try {
    return await write;
  } catch (error) {
    if (isTransshipError(error)) return error.code;
    throw error;
  }
}

/** Compares everything that can be seen, and watches what must never happen (the letters are those of the port). */
function invariants(seen: Set<string>): (run: Run, histories: 'what changed' | 'everything') => Promise<void> {
  const fences = new Map<string, number>();
  const done = new Map<string, Job>();
  const before = new Map<string, string>();
  return async ({ opened: { store }, model }, histories) => {
    const { jobs } = await store.list({}, 1000);
    expect(jobs.reverse().map(view)).toEqual(model.jobs);
    for (const job of jobs) {
      // I3
      expect(job.fence).toBeGreaterThanOrEqual(fences.get(job.id) ?? 0);
      fences.set(job.id, job.fence);
      // I7
      expect(job).toEqual(done.get(job.id) ?? job);
      if (job.state === 'DONE') done.set(job.id, job);
    }
    // one running job per target
    const busy = jobs.filter(({ state }) => state === 'LEASED').flatMap(({ targets }) => targets);
    expect(new Set(busy).size).toBe(busy.length);
    // I6
    const { accepted, purged, states } = await store.counts();
    expect(purged).toBe(model.purged);
    expect(accepted).toBe(purged + Object.values(states).reduce((sum, count) => sum + count, 0));
    // I5
    const messages = await store.outbox(new Date(8.64e15), 1000);
    expect(messages.map(({ jobId }) => jobId)).toEqual(model.messages.map(({ jobId }) => jobId));
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
    // the history is whole: every claim is in it, without a gap
    for (const job of jobs) {
      const now = JSON.stringify(job);
      if (histories === 'what changed' && before.get(job.id) === now) continue;
      before.set(job.id, now);
      const log = await store.log(job.id, 0, 1000);
      for (const { type } of log) seen.add(type);
      expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, index) => index + 1));
      expect(log.filter(({ type }) => type === 'claimed')).toHaveLength(job.fence);
    }
  };
}

function view(job: Job): ModelJob {
  return {
    id: job.id,
    kind: job.kind,
    targets: [...job.targets],
    coalesce: job.coalesce,
    hosts: [...job.hosts],
    priority: job.priority,
    state: job.state,
    runAt: job.runAt.getTime(),
    leaseUntil: job.leaseUntil?.getTime() ?? Number.POSITIVE_INFINITY,
    fence: job.fence,
    attempts: job.attempts,
    maxAttempts: job.maxAttempts,
    advanced: job.advanced,
    cancelRequested: job.cancelRequested,
    checkpoint: job.checkpoint,
    supersededBy: job.supersededBy,
    finishedAt: job.finishedAt?.getTime() ?? Number.POSITIVE_INFINITY,
  };
}
