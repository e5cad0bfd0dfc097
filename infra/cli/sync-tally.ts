// Adds up what becomes of a run over rules: per rule, and in all.
import type { CopyReport, TargetState } from '../../shared/mirror/copy-types.ts';
import type { PruneReport } from '../../shared/mirror/prune/prune.ts';
import type { Compared } from '../../shared/mirror/sweep/compare.ts';
import { EXIT } from './exit-codes.ts';

export type RuleFigures = {
  /** Source repositories. */
  repositories: number;
  /** Selected tags. */
  tags: number;
  /** Pairs of a tag and a target, by what became of them. */
  unchanged: number;
  copied: number;
  refused: number;
  failed: number;
  /** Tags that were removed from targets. */
  removed: number;
  blobs: { copied: number; mounted: number; existing: number };
  bytesMoved: number;
  bytesSaved: number;
  requests: number;
};

export type SyncTally = {
  rules: ReadonlyMap<string, RuleFigures>;
  compared(compared: Compared): void;
  reported(report: CopyReport, rule: string): void;
  pruned(report: PruneReport): void;
  total(): RuleFigures;
};

export function startTally(names: readonly string[]): SyncTally {
  const rules = new Map(names.map((name) => [name, nothing()]));
  const figuresOf = (name: string): RuleFigures => {
    const figures = rules.get(name) ?? nothing();
    rules.set(name, figures);
    return figures;
  };
  return {
    rules,
    compared({ diff, requests }) {
      const figures = figuresOf(diff.rule);
      figures.repositories += 1;
      figures.tags += diff.selected;
      figures.unchanged += diff.unchanged;
      figures.requests += requests;
      for (const { state, tags } of diff.problems) figures[state] += Math.max(tags, 1);
    },
    reported({ source, targets }, name) {
      const figures = figuresOf(name);
      figures.requests += source.requests;
      for (const target of targets) {
        figures[columnOf(target.state)] += 1;
        for (const how of ['copied', 'mounted', 'existing'] as const) figures.blobs[how] += target.blobs[how];
        figures.bytesMoved += target.bytesMoved;
        figures.bytesSaved += target.bytesSaved;
        figures.requests += target.requests;
      }
    },
    pruned({ rule, removed, isDone, problem, requests }) {
      const figures = figuresOf(rule);
      if (isDone) figures.removed += removed.length;
      if (problem !== undefined) figures[problem.code === 'conflict-refused' ? 'refused' : 'failed'] += 1;
      figures.requests += requests;
    },
    total: () => [...rules.values()].reduce(sum, nothing()),
  };
}

/** 0 all well, 3 some well, 4 all that was not well was refused, else 1. */
export function tallyExitCode({ unchanged, copied, removed, refused, failed }: RuleFigures): number {
  if (refused + failed === 0) return EXIT.done;
  if (unchanged + copied + removed > 0) return EXIT.partlyFailed;
  return failed === 0 ? EXIT.refused : EXIT.failed;
}

function columnOf(state: TargetState): 'unchanged' | 'copied' | 'refused' | 'failed' {
  return state === 'planned' ? 'unchanged' : state;
}

function nothing(): RuleFigures {
  return {
    repositories: 0,
    tags: 0,
    unchanged: 0,
    copied: 0,
    refused: 0,
    failed: 0,
    removed: 0,
    blobs: { copied: 0, mounted: 0, existing: 0 },
    bytesMoved: 0,
    bytesSaved: 0,
    requests: 0,
  };
}

function sum(one: RuleFigures, other: RuleFigures): RuleFigures {
  return {
    repositories: one.repositories + other.repositories,
    tags: one.tags + other.tags,
    unchanged: one.unchanged + other.unchanged,
    copied: one.copied + other.copied,
    refused: one.refused + other.refused,
    failed: one.failed + other.failed,
    removed: one.removed + other.removed,
    blobs: {
      copied: one.blobs.copied + other.blobs.copied,
      mounted: one.blobs.mounted + other.blobs.mounted,
      existing: one.blobs.existing + other.blobs.existing,
    },
    bytesMoved: one.bytesMoved + other.bytesMoved,
    bytesSaved: one.bytesSaved + other.bytesSaved,
    requests: one.requests + other.requests,
  };
}
