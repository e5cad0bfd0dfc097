// The payload of a sweep job: list what a rule selects, compare, and ask for a mirror job for each difference.
import * as z from 'zod';
import type { NewJob } from '../../shared/jobs/job.ts';

export const SWEEP = 'sweep';

export const sweepPayload = z.strictObject({
  rule: z.string(),
  /** Only this source repository; absent: all of the rule's. */
  repository: z.string().optional(),
  trigger: z.enum(['schedule', 'push', 'api']),
});

export type SweepPayload = z.infer<typeof sweepPayload>;

/** At most one runs for a rule (or for a repository of it), and one more waits. */
export function sweepJob(payload: SweepPayload, priority = 0): NewJob {
  const target = `rule:${payload.rule}${payload.repository === undefined ? '' : `/${payload.repository}`}`;
  return { kind: SWEEP, targets: [target], payload, priority };
}
