// The payload of a job that distributes credentials: to a whole cluster, or to one namespace of it. What it brings there is said by the
// rules that hold when it runs; no credential is ever in a job.
import * as z from 'zod';
import type { NewJob } from '../../shared/jobs/job.ts';

export const CREDENTIALS = 'credentials';

export const credentialsPayload = z.strictObject({
  /** As the configuration calls it. */
  cluster: z.string(),
  /** Only what this rule wants; absent: what all do. */
  rule: z.string().optional(),
  /** Only there; absent: all namespaces. */
  namespace: z.string().optional(),
  trigger: z.enum(['schedule', 'namespace', 'api', 'watch', 'config']),
  /** Also credentials that are not due are issued anew and written. */
  force: z.boolean().optional(),
});

export type CredentialsPayload = z.infer<typeof credentialsPayload>;

/** Whole clusters have this in common with each other, and namespaces their cluster: so that neither ever takes all workers. */
const WHOLE_CLUSTER = 'whole-cluster';
/** Somebody waits for a namespace to be ready. */
const NAMESPACE_PRIORITY = 100;

/**
 * At most one runs for a cluster (or for a namespace or a rule of it), and one more waits: a newer one stands for the waiting one and runs
 * no later. A namespace never waits for its cluster: runs that overlap compare what is there before they write.
 */
export function credentialsJob(
  payload: CredentialsPayload,
  options: { runAt?: Date; priority?: number; traceparent?: string } = {},
): NewJob {
  const { cluster, namespace, force } = payload;
  const target = targetOf(payload);
  return {
    kind: CREDENTIALS,
    targets: [target],
    // What is forced is not lost in one that is not.
    coalesce: force === true ? `${target} forced` : target,
    hosts: [namespace === undefined ? WHOLE_CLUSTER : `namespaces-of:${cluster}`],
    payload,
    priority: namespace === undefined ? 0 : NAMESPACE_PRIORITY,
    ...options,
  };
}

function targetOf({ cluster, namespace, rule }: CredentialsPayload): string {
  const place = namespace === undefined ? cluster : `${cluster}/${namespace}`;
  return rule === undefined ? `credentials:${place}` : `credentials:${place}#${rule}`;
}
