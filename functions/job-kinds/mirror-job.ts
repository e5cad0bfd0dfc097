// The payload of a mirror job: one source to its targets. Plain JSON without secrets; whoever asks for a mirror makes one of these.
import { hash } from 'node:crypto';
import * as z from 'zod';
import type { NewJob } from '../../shared/jobs/job.ts';
import { parseReference } from '../../shared/oci/reference.ts';

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

/** A job excludes others with one of its targets while it runs, and replaces one that still waits to do the same. */
export function mirrorJob(payload: MirrorPayload, options: { priority?: number; traceparent?: string } = {}): NewJob {
  const { source, targets } = payload;
  const hosts = [source, ...targets].map((text) => parseReference(text).registry);
  return { kind: MIRROR, targets, coalesce: purposeOf(payload), hosts, payload, ...options };
}

/**
 * What a job is for: this source to these targets, for this rule; a newer job of the rule has its newer terms. What a person asked for
 * stands for nothing else, and nothing else for it: it ends differently where the source is gone.
 */
function purposeOf({ source, targets, rule, trigger, platforms, referrers, onConflict }: MirrorPayload): string {
  const terms = trigger === 'api' ? [trigger, platforms, referrers, onConflict] : [];
  return hash('sha256', JSON.stringify([source, targets, rule, ...terms]), 'base64url');
}
