// The payload of a mirror job: one source to its targets. Plain JSON without secrets; whoever asks for a mirror makes one of these.
import * as z from 'zod';
import type { NewJob } from '../../shared/jobs/job.ts';

export const MIRROR = 'mirror';

export const mirrorPayload = z.strictObject({
  /** Canonical reference; a tag is resolved when the job runs. */
  source: z.string(),
  /** Canonical references, at least one. */
  targets: z.array(z.string()).min(1),
  /** The rule that asked for it; absent where a person did. */
  rule: z.string().optional(),
  trigger: z.enum(['push', 'sweep', 'api']),
  /** The digest that a push event told of: a hint that the tag will name it soon, and nothing more. */
  announced: z.string().optional(),
  platforms: z
    .strictObject({ include: z.array(z.string()).min(1), mode: z.enum(['keep', 'rewrite', 'sparse']) })
    .optional(),
  referrers: z.boolean(),
  onConflict: z.enum(['overwrite', 'refuse', 'backup']),
  bandwidthBytesPerSecond: z.number().positive().optional(),
  /** Of the request that asked for it with an idempotency key: tells the same request from another one with that key. */
  requestHash: z.string().optional(),
});

export type MirrorPayload = z.infer<typeof mirrorPayload>;

/** A job excludes others with one of its targets while it runs, and replaces one for the same targets that still waits. */
export function mirrorJob(payload: MirrorPayload, options: { priority?: number; traceparent?: string } = {}): NewJob {
  return { kind: MIRROR, targets: payload.targets, payload, ...options };
}
