// Turns the events of a push notification into jobs. Everything is durable when it resolves; nobody is asked anything, because the
// sender waits: what the tag is now, the job finds out.
import type { Config } from '../shared/config/config.ts';
import { isTransshipError, type TransshipError } from '../shared/errors.ts';
import type { PushEvent } from '../shared/events/push-event.ts';
import { newJobId } from '../shared/jobs/job-id.ts';
import type { Accepted } from '../shared/jobs/job-store.ts';
import type { NewJob } from '../shared/jobs/job.ts';
import type { Deps } from './deps.ts';
import { planPush, type PushJob } from './registry-push/plan-push.ts';
import { SWEEP } from './job-kinds/sweep-job.ts';

type Intake = Pick<Deps, 'clock' | 'config' | 'jobs' | 'logger' | 'metrics' | 'pushes'>;

export type AcceptedPushes = {
  /** Of every job that the events asked for, each once; a repeated event names the first one's. */
  jobIds: string[];
  /** Of the records of those events that are kept. */
  pushIds: string[];
};

/** One event with the keys of its jobs. */
type Planned = { id: string; event: PushEvent; jobKeys: string[]; errors: readonly TransshipError[] };

/** Some registries tell of a push a moment before its tag is there: see late-tag.ts. */
const SWEEP_AFTER_MS = 1000;
/** Parts of a push and reads: a registry sends dozens of them for one image. They are counted, and not kept. */
const NOT_KEPT = ['blob', 'mount', 'pull'];

/**
 * Accepts the jobs and records the events, in one transaction where the store can. The same event again makes no second job.
 * @throws TransshipError store-unavailable: the sender shall come again
 */
export async function acceptPushes(events: readonly PushEvent[], deps: Intake): Promise<AcceptedPushes> {
  const now = deps.clock.now();
  const request = planRequest(deps.config(), now);
  const planned = events.map((event) => request.plan(event, newJobId(now)));
  const kept = planned.filter(({ event }) => event.reason === null || !NOT_KEPT.includes(event.reason));
  // In the same turn: the record finds the ids of these jobs by their keys.
  const accepting = [...request.jobs].map(([key, job]) => acceptOne(key, job, deps));
  const recording = deps.pushes.record(kept.map(({ id, event, jobKeys }) => ({ id, receivedAt: now, event, jobKeys })));
  const [accepted] = await Promise.all([Promise.all(accepting), recording]);
  const jobs = new Map(accepted.flat());
  for (const one of planned) tell(one, jobs, deps);
  return { jobIds: [...new Set([...jobs.values()].map(({ id }) => id))], pushIds: kept.map(({ id }) => id) };
}

/** Collects the jobs of one request by their keys. Its events that want the same sweep share one. */
function planRequest(config: Config, now: Date) {
  const sweepAt = new Date(now.getTime() + SWEEP_AFTER_MS);
  const jobs = new Map<string, NewJob>();
  const sweeps = new Map<string, string>();

  function keyOf({ job, rule }: PushJob, event: PushEvent, id: string): string {
    // without a key of the sender's nothing may be suppressed: a fresh one never is
    const key = `push:${event.dedupeKey ?? id}:${rule}`;
    if (job.kind !== SWEEP) return key;
    const place = job.targets?.join() ?? '';
    const shared = sweeps.get(place) ?? key;
    sweeps.set(place, shared);
    return shared;
  }

  function plan(event: PushEvent, id: string): Planned {
    const { jobs: asked, errors } = planPush(event, config);
    const jobKeys = asked.map((one) => {
      const key = keyOf(one, event, id);
      jobs.set(key, one.job.kind === SWEEP ? { ...one.job, runAt: sweepAt } : one.job);
      return key;
    });
    return { id, event, jobKeys, errors };
  }

  return { jobs, plan };
}

/** Nothing for a job that no store can hold: to refuse the request for it would only make the sender repeat it for ever. */
async function acceptOne(key: string, job: NewJob, { jobs, logger }: Intake): Promise<[string, Accepted][]> {
  try {
    return [[key, await jobs.accept(job, key)]];
  } catch (error) {
    if (!isTransshipError(error, 'invalid-job')) throw error;
    logger.error('a push asks for a job that cannot be stored', { err: error });
    return [];
  }
}

function tell({ id, event, jobKeys, errors }: Planned, jobs: ReadonlyMap<string, Accepted>, deps: Intake): void {
  const { source, receiverId, registry, repository, tag } = event;
  const accepted = jobKeys.map((key) => jobs.get(key)).filter((one) => one !== undefined);
  const fields = { event_id: id, receiver: receiverId, registry, repository, tag };
  for (const err of errors) deps.logger.warn('a rule has no target for a push', { ...fields, err });
  const reason = reasonOf(event.reason, accepted, errors);
  if (reason === undefined) {
    deps.metrics.count('transship_events_accepted_total', { source });
    deps.logger.info('push accepted', { ...fields, job_ids: accepted.map((one) => one.id) });
  } else {
    deps.metrics.count('transship_events_rejected_total', { source, reason });
    deps.logger.debug('push without a job', { ...fields, reason });
  }
}

/** Why an event made no job; undefined if it did. */
function reasonOf(
  reason: PushEvent['reason'],
  accepted: readonly Accepted[],
  errors: readonly TransshipError[],
): string | undefined {
  if (reason !== null) return reason;
  if (accepted.some(({ isNew }) => isNew)) return undefined;
  if (accepted.length > 0) return 'repeated';
  return errors[0]?.code ?? 'no-rule';
}
