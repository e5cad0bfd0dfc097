// The work of a server beside answering: jobs, the clock, what leaves the store.
import { jobFunctions } from '../../../functions/index.ts';
import type { Deps } from '../../../functions/deps.ts';
import type { Job } from '../../../shared/jobs/job.ts';
import type { JobChange } from '../../../shared/jobs/job-store.ts';
import { relayOutbox } from '../../../shared/jobs/relay-outbox.ts';
import { upkeep } from '../../../shared/jobs/upkeep.ts';
import { startWorker } from '../../../shared/jobs/worker.ts';
import { quietTrouble } from './quiet-trouble.ts';
import { repeat } from './repeat.ts';
import { jobTeller } from '../../host/tell-job.ts';
import { messageTeller } from '../../host/tell-messages.ts';

export type Work = {
  /** A job changed: there may be something to do. */
  changed: (change: JobChange) => void;
  /** Resolves after the signal, when every job was given back or ended. */
  ended: Promise<void>;
};

export type WorkOptions = {
  deps: Deps;
  /** Keeps what a job works with open until the result is called. */
  borrow: () => () => void;
  signal: AbortSignal;
};

const EVERY_MS = 1000;
/** The process has ten seconds to end, and what the jobs leave behind has to be written in them. */
const GRACE_MS = 8000;

export function startWork({ deps, borrow, signal }: WorkOptions): Work {
  const { jobs, clock, logger, metrics } = deps;
  const functions = jobFunctions(deps);
  const nameOf = (kind: string): string => functions.find((one) => one.kind === kind)?.name ?? kind;
  const teller = jobTeller(logger, metrics, nameOf);
  const borrowed = new Map<string, () => void>();

  const worker = startWorker({
    store: jobs,
    kinds: Object.fromEntries(functions.map(({ kind, ...how }) => [kind, how])),
    clock,
    signal,
    times: { graceMs: GRACE_MS },
    onStart(job) {
      borrowed.set(claimOf(job), borrow());
      teller.started(job);
    },
    onEnd(job, end) {
      borrowed.get(claimOf(job))?.();
      borrowed.delete(claimOf(job));
      teller.ended(job, end);
    },
    onTrouble: quietTrouble(logger, clock, 'no jobs can be claimed'),
  });
  const keeping = repeat(
    async () => {
      const { freed } = await upkeep(jobs, clock, Math.random, [deps.pushes]);
      if (freed > 0) metrics.count('transship_lease_expired_total', {}, freed);
    },
    { clock, everyMs: EVERY_MS, signal, onTrouble: quietTrouble(logger, clock, 'the upkeep of the store failed') },
  );
  const relaying = repeat(async () => void (await relayOutbox(jobs, messageTeller(logger), clock, Math.random)), {
    clock,
    everyMs: EVERY_MS,
    signal,
    onTrouble: quietTrouble(logger, clock, 'messages cannot be read'),
  });
  return {
    changed({ kind, state, outbox }) {
      if (state === 'READY') worker.wake(kind);
      if (outbox) relaying.soon();
    },
    ended: Promise.all([worker.ended, keeping.ended, relaying.ended]).then(() => undefined),
  };
}

/** One that lost its lease may still run here when its job is claimed anew. */
function claimOf({ id, fence }: Job): string {
  return `${id} ${fence}`;
}
