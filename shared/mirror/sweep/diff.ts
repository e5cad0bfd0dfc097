// What a sweep found out, as plain data: which tags of a source repository are not where their rule wants them.
import type { Problem } from '../copy-types.ts';

export type TargetChange = {
  /** Canonical reference. */
  reference: string;
  /** `incomplete`: the tag is right, but something below it or belonging to it is missing. */
  state: 'absent' | 'moved' | 'incomplete';
  /** What the tag names now. */
  digest?: string;
};

export type TagChange = {
  /** Canonical reference of the tag. */
  source: string;
  /** Absent where the copy finds it out by itself. */
  digest?: string;
  targets: TargetChange[];
};

export function changeOf(source: string, digest: string | undefined, targets: TargetChange[]): TagChange {
  return { source, ...(digest === undefined ? {} : { digest }), targets };
}

export type SweepProblem = {
  /** A repository, or a reference where it concerns that alone. */
  place: string;
  state: 'failed' | 'refused';
  /** How many pairs of a tag and a target it keeps from being compared; 0 where that is not known. */
  tags: number;
  problem: Problem;
};

export type RepositoryDiff = {
  rule: string;
  /** registry/repository */
  source: string;
  /** Number of selected tags. */
  selected: number;
  /** Number of pairs of a tag and a target where nothing is to be done. */
  unchanged: number;
  changes: TagChange[];
  problems: SweepProblem[];
  /** Tags that the rule names in full and the source lacks. */
  missing: string[];
};

/** A pair of a tag and a target as the rule wants it; the digest is the source's, as far as it is known. */
export type WantedTag = { source: string; target: string; digest: string | undefined };
