// Where a run goes on after its slice was over or its process died: behind the last namespace up to which all are done. Of another run
// only the state of the cluster counts.
import * as z from 'zod';
import type { Json } from '../../shared/jobs/json.ts';

const saved = z.object({
  /** Absent: all rules. */
  rule: z.string().optional(),
  /** Of which run. */
  generation: z.string(),
  lastNamespace: z.string(),
});

export type RefreshCursor = z.infer<typeof saved>;

/** The name behind which the run goes on. */
export function placeOf(checkpoint: unknown, generation: string): string | undefined {
  const cursor = saved.safeParse(checkpoint).data;
  return cursor?.generation === generation ? cursor.lastNamespace : undefined;
}

export function toCheckpoint({ rule, generation, lastNamespace }: RefreshCursor): Json {
  return { ...(rule === undefined ? {} : { rule }), generation, lastNamespace };
}
