// Changes one job: reads it, asks for the move, and writes the move if the job is still as it was read. A job that this process holds is
// remembered as it was written last, so that its heartbeats, progress and end are one request each; the condition notices when that is
// no longer so, and brings back what is there.
import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../../../shared/jobs/job.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { Move } from '../../../shared/jobs/transitions.ts';
import { inTurn } from '../dynamo/in-turn.ts';
import { storedJob, type StoredJob } from './job-items.ts';
import { jobKey } from './keys.ts';
import { writeMove } from './move-writes.ts';
import type { StoreContext } from './store-context.ts';
import { writeSet } from './write-set.ts';

/** The move, undefined where there is nothing to change, or throws. */
export type Decide = (job: Job | undefined, now: Date) => Move | undefined;

export type Changed = {
  /** The job as it is now. */
  job: Job | undefined;
  moved: boolean;
};

export type ChangeJob = (id: string, decide: Decide) => Promise<Changed>;

const MAX_TRIES = 50;

/** @param onMoved hears of each change that was written */
export function changeJob(
  { table, clock, owner, order, wake, random }: StoreContext,
  onMoved: (before: StoredJob, after: StoredJob) => Promise<void>,
): ChangeJob {
  const held = new Map<string, StoredJob>();
  const turn = inTurn();

  async function read(id: string): Promise<StoredJob | undefined> {
    held.delete(id);
    const item = await table.get(jobKey(id));
    return item === undefined ? undefined : storedJob(item);
  }

  function remember(after: StoredJob): void {
    if (after.job.state === 'LEASED' && after.job.owner === owner) held.set(after.job.id, after);
    else held.delete(after.job.id);
  }

  /** What the decision says of the job as it is remembered, or of the job itself where that is not to be relied on. */
  async function decided(id: string, decide: Decide, now: Date) {
    const remembered = held.get(id);
    if (remembered !== undefined) {
      const move = quietly(() => decide(remembered.job, now));
      if (move !== undefined) return { before: remembered, move };
    }
    const before = await read(id);
    return { before, move: decide(before?.job, now) };
  }

  async function change(id: string, decide: Decide): Promise<Changed> {
    const now = clock.now();
    let { before, move } = await decided(id, decide, now);
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      if (move === undefined || before === undefined) return { job: before?.job, moved: false };
      const set = writeSet(table.name, now, random);
      const { after, write } = writeMove(set, before, move, now, order);
      const refused = await table.commit(set.all());
      const item = refused?.get(write);
      // what is there is what this was to write: it was written, and its answer lost
      if (refused === undefined || isDeepStrictEqual(item, write.Put?.Item)) {
        remember(after);
        if (after.job.state === 'READY') await wake([after.job], now);
        await onMoved(before, after);
        return { job: after.job, moved: true };
      }
      held.delete(id);
      // its targets are not free
      if (!refused.has(write)) return { job: before.job, moved: false };
      before = item === undefined ? undefined : storedJob(item);
      move = decide(before?.job, now);
    }
    throw new TransshipError('store-unavailable', `job ${id} is changed by others all the time`, { retryable: true });
  }

  return (id, decide) => turn(id, () => change(id, decide));
}

/** Undefined where it throws: only what the table itself says counts then. */
function quietly(decide: () => Move | undefined): Move | undefined {
  try {
    return decide();
  } catch {
    return undefined;
  }
}
