// Where a sweep goes on after its slice was over: repositories are taken in the order of their names, and the checkpoint is the last
// one before which all are done.
import * as z from 'zod';
import type { Json } from '../../shared/jobs/json.ts';
import type { SourceRepository } from '../../shared/mirror/sweep/compare.ts';

export type SweepCounts = {
  repositories: number;
  tags: number;
  unchanged: number;
  /** Mirror jobs that were asked for. */
  jobs: number;
  failed: number;
  refused: number;
  removed: number;
};

export type SweepCursor = {
  counts: SweepCounts;
  /** Those that are left, in order. */
  choose(all: readonly SourceRepository[]): SourceRepository[];
  /** Adds what became of a repository; true where there is more to keep than before. */
  done(repository: SourceRepository, counts: Partial<SweepCounts>): boolean;
  state(): Json;
};

const count = z.number();
const saved = z.object({
  rule: z.string(),
  after: z.string(),
  counts: z.object({
    repositories: count,
    tags: count,
    unchanged: count,
    jobs: count,
    failed: count,
    refused: count,
    removed: count,
  }),
});

const NOTHING: SweepCounts = { repositories: 0, tags: 0, unchanged: 0, jobs: 0, failed: 0, refused: 0, removed: 0 };

/** @param checkpoint of an earlier slice; that of another rule does not count */
export function sweepCursor(rule: string, checkpoint: unknown): SweepCursor {
  const parsed = saved.safeParse(checkpoint);
  const before = parsed.success && parsed.data.rule === rule ? parsed.data : undefined;
  const counts: SweepCounts = { ...(before?.counts ?? NOTHING) };
  const kept: SweepCounts = { ...counts };
  const finished = new Map<string, Partial<SweepCounts>>();
  let after = before?.after ?? '';
  let left: string[] = [];

  return {
    counts,
    choose(all) {
      const chosen = all.filter(({ repository }) => repository > after);
      chosen.sort((one, other) => (one.repository < other.repository ? -1 : 1));
      left = chosen.map(({ repository }) => repository);
      return chosen;
    },
    done({ repository }, more) {
      const told = { repositories: 1, ...more };
      add(counts, told);
      finished.set(repository, told);
      const start = after;
      // What is done behind one that is not, is done again.
      for (let [next] = left; next !== undefined && finished.has(next); [next] = left) {
        add(kept, finished.get(next) ?? {});
        finished.delete(next);
        left.shift();
        after = next;
      }
      return after !== start;
    },
    state: () => ({ rule, after, counts: { ...kept } }),
  };
}

function add(sum: SweepCounts, more: Partial<SweepCounts>): void {
  sum.repositories += more.repositories ?? 0;
  sum.tags += more.tags ?? 0;
  sum.unchanged += more.unchanged ?? 0;
  sum.jobs += more.jobs ?? 0;
  sum.failed += more.failed ?? 0;
  sum.refused += more.refused ?? 0;
  sum.removed += more.removed ?? 0;
}
