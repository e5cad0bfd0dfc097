// What has to be done to the store now and then, whoever does it: free expired leases, fire what is due, remove what ended long ago.
import type { Clock } from './clock.ts';
import { fireDue } from './fire-due.ts';
import type { JobStore } from './job-store.ts';

/** At least seven days: so long a repeated event is recognised. */
const RETENTION_MS = 14 * 24 * 3_600_000;
const BATCH = 200;

export type UpkeepReport = { freed: number; fired: number; purged: number };

/** What is kept as long as jobs are. */
type Kept = Pick<JobStore, 'purge'>;

/** One round, in steps that each leave room for others; may run at several places at once. `beside` is purged too, and not counted. */
export async function upkeep(
  store: JobStore,
  clock: Clock,
  random: () => number,
  beside: readonly Kept[] = [],
): Promise<UpkeepReport> {
  const now = clock.now();
  const freed = await inBatches(() => store.sweep(now, BATCH));
  const fired = await fireDue(store, clock, random);
  const before = new Date(now.getTime() - RETENTION_MS);
  const purged = await inBatches(() => store.purge(before, BATCH));
  for (const kept of beside) await inBatches(() => kept.purge(before, BATCH));
  return { freed, fired, purged };
}

async function inBatches(step: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let count = BATCH; count === BATCH; total += count) count = await step();
  return total;
}
