// Where a sweep goes on after its slice was over or its try failed: repositories are taken in the order of their names, and the
// checkpoint is the last one before which all were looked at, with the names of those that failed.
//
// A newer sweep for the same rule gets the checkpoint of the one that it replaces. It begins where that one stopped, so that no
// repository waits for ever behind sweeps that never come to their end, and then goes through those before, too:
//
//   of its own job:  . . . . ┃──────────▶      of another:  ──────▶┃──────────▶
//                            place                          second  first
//
import * as z from 'zod';
import type { Json } from '../../shared/jobs/json.ts';
import type { SourceRepository } from '../../shared/mirror/sweep/compare.ts';

const count = z.number();
const sweepCounts = z.object({
  repositories: count,
  tags: count,
  unchanged: count,
  /** Mirror jobs that were asked for. */
  jobs: count,
  failed: count,
  refused: count,
  removed: count,
});
export type SweepCounts = z.infer<typeof sweepCounts>;

const saved = z.object({
  rule: z.string(),
  job: z.string(),
  /** Where the round began; the names up to here come last. */
  start: z.string(),
  /** Null: nothing was done. */
  after: z.string().nullable(),
  failed: z.array(z.string()),
  /** Of those that did not fail. */
  counts: sweepCounts,
});

export type SweepCursor = {
  /** With those that failed in this try. */
  counts(): SweepCounts;
  /** Those that are left, in order, and at last those that failed before. */
  choose(all: readonly SourceRepository[]): SourceRepository[];
  /** Adds what became of a repository; true where there is more to keep than before. */
  done(repository: SourceRepository, counts: Partial<SweepCounts>, end: 'done' | 'failed'): boolean;
  state(): Json;
};

type Ended = { counts: SweepCounts; end: 'done' | 'failed' };

const NOTHING: SweepCounts = { repositories: 0, tags: 0, unchanged: 0, jobs: 0, failed: 0, refused: 0, removed: 0 };
/** A store keeps 64 KiB, a name has at most 255 bytes. */
const MOST_FAILED = 200;

/** @param checkpoint of an earlier slice or try, or of a job that this one replaced; that of another rule does not count */
export function sweepCursor({ rule, job }: { rule: string; job: string }, checkpoint: unknown): SweepCursor {
  const parsed = saved.safeParse(checkpoint).data;
  const known = parsed?.rule === rule ? parsed : undefined;
  const before = known?.job === job ? known : undefined;
  // Of another job only the place is taken over.
  const start = before?.start ?? known?.after ?? known?.start ?? '';
  const kept: SweepCounts = { ...(before?.counts ?? NOTHING) };
  const failed = new Set(before?.failed);
  const ended = new Map<string, Ended>();
  let after = before?.after ?? null;
  let left: string[] = [];

  const isInSecondHalf = (name: string) => name <= start;
  const isBefore = (one: string, other: string) =>
    isInSecondHalf(one) === isInSecondHalf(other) ? one < other : isInSecondHalf(other);

  /** Takes over what ended without a gap; what ended behind one that did not, is done again. */
  function advance(): boolean {
    let isNews = false;
    for (let [next] = left; next !== undefined; [next] = left) {
      const one = ended.get(next);
      if (one === undefined || (one.end === 'failed' && failed.size >= MOST_FAILED)) break;
      if (one.end === 'failed') failed.add(next);
      else keep(next, one);
      left.shift();
      after = next;
      isNews = true;
    }
    return isNews;
  }

  function keep(name: string, { counts }: Ended): void {
    add(kept, counts);
    ended.delete(name);
  }

  return {
    counts() {
      const sum = { ...kept };
      for (const { counts } of ended.values()) add(sum, counts);
      return sum;
    },
    choose(all) {
      const ahead = all.filter(({ repository }) => after === null || isBefore(after, repository));
      ahead.sort((one, other) => (isBefore(one.repository, other.repository) ? -1 : 1));
      left = ahead.map(({ repository }) => repository);
      const again = all.filter(({ repository }) => failed.has(repository));
      // One that is gone meanwhile cannot fail any more.
      failed.clear();
      for (const { repository } of again) failed.add(repository);
      return [...ahead, ...again];
    },
    done({ repository }, more, end) {
      const one: Ended = { counts: { ...NOTHING, repositories: 1, ...more }, end };
      ended.set(repository, one);
      if (!failed.has(repository)) return advance();
      if (end === 'failed') return false;
      failed.delete(repository);
      keep(repository, one);
      advance();
      return true;
    },
    state: () => ({ rule, job, start, after, failed: [...failed], counts: { ...kept } }),
  };
}

function add(sum: SweepCounts, more: SweepCounts): void {
  sum.repositories += more.repositories;
  sum.tags += more.tags;
  sum.unchanged += more.unchanged;
  sum.jobs += more.jobs;
  sum.failed += more.failed;
  sum.refused += more.refused;
  sum.removed += more.removed;
}
