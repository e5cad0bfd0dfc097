// Does the jobs that messages woke us for, and those that wait when one of them is done. It returns when nothing of it runs any more: what
// is not done by then was given back.
//
//   claim by kind ─▶ claim those that the index does not show ─▶ run side by side ─▶ after each: the next one, or word to another worker
//
import { jobTeller } from '../../host/tell-job.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { JobHandler } from '../../../shared/jobs/handler.ts';
import type { Claimed, Room } from '../../../shared/jobs/job-store.ts';
import { runJob, type RunEnd } from '../../../shared/jobs/run-job.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type { Metrics } from '../../../shared/telemetry/metrics.ts';
import type { AwsJobStore } from '../job-store.ts';
import type { NamedJob } from '../job-store/claim-named.ts';
import { invocationTimes } from './invocation-times.ts';

export type Worker = {
  store: AwsJobStore;
  clock: Clock;
  random: () => number;
  logger: Logger;
  metrics: Metrics;
  /** Of the function, as in logs and metrics. */
  name: string;
  kind: string;
  room: Room;
  handler: JobHandler;
};

/** A killed worker's job is free after that; heartbeats keep it much longer. */
const LEASE_MS = 45_000;

/**
 * Runs as many jobs side by side as messages came for different ones.
 * @throws TransshipError store-unavailable where nothing could be claimed: the messages have to come again
 */
export async function runWoken(worker: Worker, woken: readonly NamedJob[], remainingMs: number): Promise<void> {
  const { store, clock, random, logger, metrics, name, kind, room, handler } = worker;
  const times = invocationTimes(remainingMs);
  const startedAt = clock.now().getTime();
  const stop = new AbortController();
  const running = new Set<string>();
  const teller = jobTeller(logger, metrics, () => name);
  const sinceStartMs = (): number => clock.now().getTime() - startedAt;

  async function claimFirst(): Promise<Claimed[]> {
    const wanted = new Set(woken.map(({ id }) => id)).size;
    const found = await store.claim(kind, wanted, LEASE_MS, room);
    if (found.length === wanted) return found;
    const ids = new Set(found.map(({ job }) => job.id));
    const missing = woken.filter(({ id }) => !ids.has(id));
    try {
      return [...found, ...(await store.claimNamed(kind, missing, LEASE_MS, room))];
    } catch (error) {
      if (found.length === 0) throw error;
      // theirs is the upkeep's message
      logger.warn('jobs that were told of cannot be claimed', { err: error });
      return found;
    }
  }

  /** What waits beside, or waited for what the last job held. */
  async function claimNext(): Promise<Claimed | undefined> {
    try {
      const [next] = await store.claim(kind, 1, LEASE_MS, room);
      return next;
    } catch (error) {
      logger.warn('no more jobs can be claimed', { err: error });
      return undefined;
    }
  }

  async function runOne(claimed: Claimed): Promise<RunEnd> {
    const { job } = claimed;
    const from = clock.now().getTime();
    const sliceMs = Math.max(1, times.sliceMs - (from - startedAt));
    const options = { store, clock, random, stop: stop.signal, times: { sliceMs, graceMs: times.graceMs } };
    running.add(job.id);
    teller.started(job);
    const end = await runJob(options, claimed, handler);
    running.delete(job.id);
    teller.ended(job, { ...end, durationMs: clock.now().getTime() - from });
    return end;
  }

  async function runOnAndOn(first: Claimed): Promise<void> {
    let next: Claimed | undefined = first;
    while (next !== undefined) {
      const { job } = next;
      const end = await runOne(next);
      if (sinceStartMs() < times.lastClaimMs) next = await claimNext();
      else {
        next = undefined;
        if (!wakesItself(end)) await store.passOn(job);
      }
    }
  }

  const callOffs = [
    clock.after(times.stopMs, () => stop.abort()),
    clock.after(times.hangsMs, () =>
      logger.error('jobs do not end; the function will be killed', { job_ids: [...running] }),
    ),
  ];
  try {
    const first = await claimFirst();
    await Promise.all(first.map(runOnAndOn));
  } finally {
    for (const callOff of callOffs) callOff();
  }
}

/** It waits again, and its message makes others look for work as well. */
function wakesItself({ state, problem }: RunEnd): boolean {
  return state === 'READY' && problem === undefined;
}
