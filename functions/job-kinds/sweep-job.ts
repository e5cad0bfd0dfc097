// The payload of a sweep job: list what a rule selects, compare, and ask for a mirror job for each difference.
import * as z from 'zod';
import type { NewJob } from '../../shared/jobs/job.ts';
import type { MirrorRule } from '../../shared/mirror/rule.ts';

export const SWEEP = 'sweep';

export const sweepPayload = z.strictObject({
  rule: z.string(),
  /** Only this source repository; absent: all of the rule's. */
  repository: z.string().optional(),
  /** Only what belongs to this digest in it: a signature was pushed, or a list of referrers. */
  digest: z.string().optional(),
  trigger: z.enum(['schedule', 'push', 'api']),
});

export type SweepPayload = z.infer<typeof sweepPayload>;

/** The sweep of a rule, or of one repository of it. */
export function ruleSweep(rule: MirrorRule, terms: Omit<SweepPayload, 'rule'>): NewJob {
  const hosts = [rule.from, ...rule.to].map(({ registry }) => registry);
  return { ...sweepJob({ rule: rule.name, ...terms }), hosts, priority: rule.priority };
}

/** At most one runs for a rule (or for a repository or a digest of it), and one more waits. */
export function sweepJob(payload: SweepPayload): NewJob {
  const { rule, repository, digest } = payload;
  const place = repository === undefined ? '' : `/${repository}`;
  const target = `rule:${rule}${place}${digest === undefined ? '' : `@${digest}`}`;
  return { kind: SWEEP, targets: [target], payload };
}
