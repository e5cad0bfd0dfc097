// The payload of a job that reconciles grants: all of them, some of them, or those that one Namespace has a part in. What they are is
// said by the configuration and the store that hold when it runs.
import * as z from 'zod';
import type { NewJob } from '../../shared/jobs/job.ts';

export const GRANTS = 'grants';

export const grantsPayload = z.strictObject({
  trigger: z.enum(['schedule', 'namespace', 'api', 'watch', 'config']),
  /** Who asked, for the journal; absent: the clock, or what was noticed. */
  actor: z.string().optional(),
  /** Only these; absent: all. */
  grants: z.array(z.string()).optional(),
  /** Only those that have something to do with this Namespace. */
  namespace: z.strictObject({ cluster: z.string(), name: z.string() }).optional(),
  /** Only if the plan is still this one. */
  planHash: z.string().optional(),
  /** What reaches further than a grant may without approval is written as well. */
  allowOverbroad: z.boolean().optional(),
  /** What has our mark and was never heard of here is removed. */
  pruneUnknown: z.boolean().optional(),
  /** Deleted principals in entries of others that keep a target from being written go. */
  pruneDead: z.boolean().optional(),
});

export type GrantsPayload = z.infer<typeof grantsPayload>;

/** Somebody waits for a Namespace to be ready. */
const NAMESPACE_PRIORITY = 100;
/** Somebody waits for the answer. */
const ASKED_PRIORITY = 50;

/**
 * At most one runs for all grants (or for a Namespace), and one more waits: a newer one stands for the waiting one and runs no later. What
 * somebody asked for in other words than the clock does is not lost in the clock's.
 */
export function grantsJob(payload: GrantsPayload, options: { runAt?: Date } = {}): NewJob {
  const { namespace, actor, grants, planHash, allowOverbroad, pruneUnknown, pruneDead } = payload;
  const target = namespace === undefined ? 'grants' : `grants:${namespace.cluster}/${namespace.name}`;
  const terms = JSON.stringify(
    [actor, grants, planHash, allowOverbroad, pruneUnknown && 'prune', pruneDead && 'prune-dead'].filter(
      (term) => term !== undefined,
    ),
  );
  return {
    kind: GRANTS,
    targets: [target],
    coalesce: terms === '[]' ? target : `${target} ${terms}`,
    payload,
    priority: priorityOf(payload),
    ...options,
  };
}

function priorityOf({ namespace, trigger }: GrantsPayload): number {
  if (namespace !== undefined) return NAMESPACE_PRIORITY;
  return trigger === 'api' ? ASKED_PRIORITY : 0;
}
