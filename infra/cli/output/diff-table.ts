// The rows of a plan: what would be done at each target, and why.
import type { PruneReport } from '../../../shared/mirror/prune/prune.ts';
import type { RepositoryDiff, TargetChange } from '../../../shared/mirror/sweep/diff.ts';
import type { Colour, Style } from './style.ts';
import { shortDigest } from './units.ts';

const SIGNS: Readonly<Record<TargetChange['state'], readonly [sign: string, colour: Colour]>> = {
  absent: ['+', 'green'],
  moved: ['~', 'yellow'],
  incomplete: ['*', 'cyan'],
};

/** Rule, sign and target, reason, source. */
export function diffRows(diffs: readonly RepositoryDiff[], style: Style): string[][] {
  return diffs.flatMap(({ rule, changes }) =>
    changes.flatMap(({ source, digest, targets }) =>
      targets.map((target) => {
        const [sign, colour] = SIGNS[target.state];
        return [style('dim', rule), style(colour, `${sign} ${target.reference}`), reasonOf(target, digest), source];
      }),
    ),
  );
}

/** Removals, and what `prune: plan` only names. */
export function pruneRows(pruned: readonly PruneReport[], applied: readonly PruneReport[], style: Style): string[][] {
  return pruned.flatMap((report) => {
    const { rule, repository, removed, kept } = report;
    const isApplied = applied.includes(report);
    return [
      ...removed.map(({ tag, digest }) => [
        style('dim', rule),
        style(isApplied ? 'red' : 'dim', `- ${repository}:${tag}`),
        isApplied ? 'not wanted any more' : 'not wanted any more, stays (prune: plan)',
        shortDigest(digest),
      ]),
      ...kept.map(({ tag, reason }) => [style('dim', rule), `  ${repository}:${tag}`, `stays: ${reason}`, '']),
    ];
  });
}

function reasonOf({ state, digest: found }: TargetChange, digest: string | undefined): string {
  if (state === 'absent') return 'is absent';
  if (state === 'incomplete') return 'lacks parts, or signatures';
  const wanted = digest === undefined ? '' : `, not ${shortDigest(digest)}`;
  return `names ${found === undefined ? 'something else' : shortDigest(found)}${wanted}`;
}
