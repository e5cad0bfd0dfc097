// The message that wakes a worker: that there is a job of a kind, and which one it was sent for. It may be stale, and it may come twice.
import * as z from 'zod';
import type { NamedJob } from '../job-store/claim-named.ts';

const wakeUp = z.object({ jobId: z.string().min(1), kind: z.string().min(1), again: z.boolean().optional() });

export type WakeUp = NamedJob & { kind: string };

/** Undefined for a text that is none. */
export function readWakeUp(body: unknown): WakeUp | undefined {
  const read = wakeUp.safeParse(body);
  if (!read.success) return undefined;
  const { jobId, kind, again = false } = read.data;
  return { id: jobId, kind, again };
}
