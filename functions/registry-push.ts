// Turns the events of a push notification into jobs. Everything is durable when it resolves; nobody is asked anything, because the
// sender waits: what the tag is now, the job finds out.
import { createHash } from 'node:crypto';
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
  const { planned, jobs: asked } = planRequest(events, deps.config(), now);
  const kept = planned.filter(({ event }) => event.reason === null || !NOT_KEPT.includes(event.reason));
  // In the same turn: the record finds the ids of these jobs by their keys.
  const accepting = [...asked].map(([key, job]) => acceptOne(key, job, deps));
  const recording = deps.pushes.record(kept.map(({ id, event, jobKeys }) => ({ id, receivedAt: now, event, jobKeys })));
  const [accepted] = await Promise.all([Promise.all(accepting), recording]);
  const jobs = new Map(accepted.flat());
  for (const one of planned) tell(one, jobs, deps);
  return { jobIds: [...new Set([...jobs.values()].map(({ id }) => id))], pushIds: kept.map(({ id }) => id) };
}

/** A sweep that events of a request want: the keys that it would have for each of them, and in the end its own. */
type SharedSweep = { job: NewJob; keys: Set<string>; key: string };

/** The events of one request and their jobs by key. Events that want the same sweep share one. */
function planRequest(events: readonly PushEvent[], config: Config, now: Date) {
  const runAt = new Date(now.getTime() + SWEEP_AFTER_MS);
  const jobs = new Map<string, NewJob>();
  const sweeps = new Map<string, SharedSweep>();

  function ask({ job, rule }: PushJob, event: PushEvent, id: string): string | SharedSweep {
    // without a key of the sender's nothing may be suppressed: a fresh one never is
    const key = `push:${event.dedupeKey ?? id}:${rule}`;
    if (job.kind !== SWEEP) {
      jobs.set(key, job);
      return key;
    }
    const place = job.targets?.join() ?? '';
    const sweep = sweeps.get(place) ?? { job: { ...job, runAt }, keys: new Set(), key };
    sweeps.set(place, sweep);
    sweep.keys.add(key);
    return sweep;
  }

  const asking = events.map((event) => {
    const id = newJobId(now);
    const { jobs: wanted, errors } = planPush(event, config);
    return { id, event, errors, asked: wanted.map((one) => ask(one, event, id)) };
  });
  for (const sweep of sweeps.values()) {
    sweep.key = keyOfAll(sweep.keys);
    jobs.set(sweep.key, sweep.job);
  }
  const planned = asking.map(({ asked, ...rest }): Planned => {
    return { ...rest, jobKeys: asked.map((one) => (typeof one === 'string' ? one : one.key)) };
  });
  return { planned, jobs };
}

/** An event that is known already must not stand for one that is new, so all of them count. */
function keyOfAll(keys: ReadonlySet<string>): string {
  const [first = '', ...others] = [...keys].sort();
  if (others.length === 0) return first;
  return `push:${createHash('sha256')
    .update(JSON.stringify([first, ...others]))
    .digest('hex')}`;
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
