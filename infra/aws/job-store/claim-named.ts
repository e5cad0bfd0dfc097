// Claims jobs that messages name: what the index does not show yet, the table itself does. The conditions are those of every claim.
import type { Claimed, Room } from '../../../shared/jobs/job-store.ts';
import type { Item } from '../dynamo/attributes.ts';
import type { ChangeJob } from './change-job.ts';
import { storedJob } from './job-items.ts';
import { jobKey } from './keys.ts';
import { leaseOne } from './lease-one.ts';
import { countRunning } from './room.ts';
import type { StoreContext } from './store-context.ts';

/** A job as a message names it. */
export type NamedJob = {
  id: string;
  /** It was told of before, and its turn had not come: it is not told of once more. */
  again: boolean;
};

/**
 * Claims those of the named jobs that are of the kind, due, and free to run. One whose target is held or whose hosts have no room, and one
 * that is due in a moment, is told of once more a little later: whoever holds its target may look for work just before the index shows it.
 * @throws TransshipError store-unavailable
 */
export type ClaimNamed = (kind: string, jobs: readonly NamedJob[], leaseMs: number, room?: Room) => Promise<Claimed[]>;

/** Clocks of queues and functions differ by less; whoever has to wait longer is told of at its time. */
const SOON_MS = 5000;
/** An index is rarely so far behind. */
const AGAIN_AFTER_MS = 5000;

export function claimNamed(
  { table, clock, owner, wake }: Pick<StoreContext, 'table' | 'clock' | 'owner' | 'wake'>,
  change: ChangeJob,
  runningJobs: () => Promise<Item[]>,
): ClaimNamed {
  async function waiting(kind: string, ids: readonly string[], nowMs: number): Promise<Item[]> {
    const items = await table.getAll(ids.map(jobKey));
    return items.filter((item) => {
      const { job } = storedJob(item);
      return job.state === 'READY' && job.kind === kind && job.runAt.getTime() - nowMs <= SOON_MS;
    });
  }

  return async (kind, named, leaseMs, room) => {
    const now = clock.now();
    const ids = [...new Set(named.map(({ id }) => id))];
    const items = await waiting(kind, ids, now.getTime());
    if (items.length === 0) return [];
    const running = countRunning(kind, room, room === undefined ? [] : await runningJobs());
    const found: Claimed[] = [];
    const later: Item[] = [];
    for (const item of items) {
      if (!running.hasRoom(item)) {
        later.push(item);
        continue;
      }
      const { job, claimed } = await leaseOne(change, storedJob(item).job.id, { now, leaseMs, owner });
      if (claimed !== undefined) {
        running.starts(item);
        found.push(claimed);
      } else if (job?.state === 'READY') later.push(item);
    }
    const told = new Set(named.filter(({ again }) => again).map(({ id }) => id));
    const untold = later.map(storedJob).filter(({ job }) => !told.has(job.id));
    await wake(
      untold.map(({ job }) => ({ ...job, runAt: new Date(now.getTime() + AGAIN_AFTER_MS) })),
      now,
      { again: true },
    );
    return found;
  };
}
