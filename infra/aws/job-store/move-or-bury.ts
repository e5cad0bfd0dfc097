// Moves a job, and buries it where no item would hold what it became: one that is too large must hold up no other. No job is, that was
// accepted within the limits of today (shared/jobs/new-job.ts); the limits of another version may have been wider.
import { isTransshipError } from '../../../shared/errors.ts';
import { problemOf } from '../../../shared/jobs/problem.ts';
import { buried } from '../../../shared/jobs/transitions.ts';
import type { ChangeJob, Changed, Decide } from './change-job.ts';

export async function moveOrBury(change: ChangeJob, id: string, decide: Decide): Promise<Changed> {
  try {
    return await change(id, decide);
  } catch (error) {
    if (!isTransshipError(error, 'invalid-job')) throw error;
    const problem = problemOf(error);
    return change(id, (job, now) => {
      if (job === undefined || decide(job, now) === undefined) return undefined;
      // payload and targets always have room, and say what has to be asked for again
      const move = buried({ ...job, hosts: [], checkpoint: undefined, result: undefined }, problem, now);
      const { kind, attempts } = job;
      const body = { jobId: id, kind, targets: job.targets.slice(0, 1), attempts, problem };
      return { ...move, outbox: move.outbox.map(({ type }) => ({ type, body })) };
    });
  }
}
