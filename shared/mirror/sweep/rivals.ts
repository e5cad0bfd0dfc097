// Two sources that a sweep would bring to one target: whichever came last would win, again and again. With different digests both
// are refused before anything is written; with the same digest one of them is enough.
import { TransshipError } from '../../errors.ts';
import { problemOf } from '../report.ts';
import type { Compared } from './compare.ts';
import type { TagChange, WantedTag } from './diff.ts';

/** Takes the changes that must not be made out of the diffs, and notes each as refused; what is given is changed in place. */
export function refuseRivals(compared: readonly Compared[]): void {
  const wanted = compared.flatMap((one) => one.wanted);
  const byTarget = Map.groupBy(wanted, ({ target }) => target);
  for (const [target, all] of byTarget) {
    const [first, ...others] = distinctSources(all);
    if (first === undefined || others.length === 0) continue;
    const rival = others.find(({ digest }) => digest === undefined || digest !== first.digest);
    if (rival === undefined && first.digest !== undefined) keepFirst(target, compared);
    else refuse(target, first, rival ?? first, compared);
  }
}

function distinctSources(all: readonly WantedTag[]): WantedTag[] {
  return [...new Map(all.map((one) => [one.source, one])).values()];
}

/** The same content twice: the first change does for both. */
function keepFirst(target: string, compared: readonly Compared[]): void {
  let seen = false;
  for (const { diff } of compared) {
    diff.changes = diff.changes.flatMap((change) =>
      without(change, target, () => {
        if (seen) return true;
        seen = true;
        return false;
      }),
    );
  }
}

function refuse(target: string, first: WantedTag, rival: WantedTag, compared: readonly Compared[]): void {
  const problem = problemOf(rivalry(target, first, rival));
  for (const { diff, wanted } of compared) {
    if (!wanted.some((one) => one.target === target)) continue;
    const before = diff.changes;
    diff.changes = before.flatMap((change) => without(change, target, () => true));
    diff.problems.push({ place: target, state: 'refused', tags: 1, problem });
  }
}

/** The change without that target; nothing where it was the only one. */
function without(change: TagChange, target: string, drops: () => boolean): TagChange[] {
  const targets = change.targets.filter(({ reference }) => reference !== target || !drops());
  return targets.length === 0 ? [] : [{ ...change, targets }];
}

function rivalry(target: string, first: WantedTag, rival: WantedTag): TransshipError {
  const named = ({ source, digest }: WantedTag) => (digest === undefined ? source : `${source} (${digest})`);
  return new TransshipError('conflict-refused', `${target} is wanted from ${named(first)} and from ${named(rival)}`, {
    hint: 'nothing was changed there; keep the sources apart: {registry}/{repository} in the path, or another prefix',
  });
}
