// The leases that this process has given back a moment ago. An index may show them a little longer, and whoever looks for the next job
// right behind his last one would find his own place taken, look no further, and leave the queue to the upkeep.
import type { Job } from '../../../shared/jobs/job.ts';
import { text, type Item } from '../dynamo/attributes.ts';
import { timeKey } from '../dynamo/key-parts.ts';
import { jobIdOf } from './keys.ts';

export type EndedHere = {
  /** @param job as it was held last */
  ended: (job: Job, now: Date) => void;
  /** Whether that is what the index has of it; a later lease of the same job ends later. */
  isOver: (item: Item) => boolean;
};

export function endedHere(): EndedHere {
  const untilById = new Map<string, Date>();
  return {
    ended({ id, leaseUntil = new Date(0) }, now) {
      // no index lags as long as a lease lasts
      for (const [known, until] of untilById) if (until < now) untilById.delete(known);
      untilById.set(id, leaseUntil);
    },
    isOver(item) {
      const until = untilById.get(jobIdOf(item));
      return until !== undefined && text(item, 'workOrder') < `${timeKey(until)}$`;
    },
  };
}
