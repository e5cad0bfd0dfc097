// A mirror rule as the configuration gives it: which tags of which repositories are to be where, when, and how.
import type { ConflictPolicy, PlatformMode } from './copy-types.ts';
import type { TagSet } from './selection.ts';
import type { SourcePattern } from './source-pattern.ts';
import type { TargetTemplate } from './target-template.ts';

export type Schedule = { cron: string; timeZone: string } | { everyMs: number };

export type MirrorRule = {
  /** Unique among the rules. */
  name: string;
  from: SourcePattern;
  /** At least one; one read of the source feeds all. */
  to: readonly TargetTemplate[];
  /** The union of what these select; `[{}]` is all tags. */
  tags: readonly TagSet[];
  /** Absent: all platforms. */
  platforms?: { include: readonly string[]; mode: PlatformMode };
  referrers: boolean;
  onConflict: ConflictPolicy;
  /** A receiver's push event triggers it. */
  onPush: boolean;
  /** Absent: no sweeps. */
  schedule?: Schedule;
  prune: 'off' | 'plan' | 'apply';
  /** Greater goes first. */
  priority: number;
  bandwidthBytesPerSecond?: number;
};
