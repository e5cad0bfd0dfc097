// What a plan says of grants, or of parts of them, that have no entry: one line for each grant and place, with all that is the matter.
import type { GrantChange } from './grant-change.ts';
import { toldTogether, worstFirst } from './severity.ts';
import { targetKey } from './site.ts';
import type { UnmetGrant } from './wanted-at.ts';

/** @param shortfalls in their order */
export function unmetChanges(shortfalls: readonly UnmetGrant[]): GrantChange[] {
  const byPlace = Map.groupBy(shortfalls, ({ grant, target }) => `${grant} ${targetKey(target)}`);
  return [...byPlace.values()].flatMap((all) => {
    const told = worstFirst(all);
    const [worst] = told;
    return worst === undefined ? [] : [toChange(worst, toldTogether(told) ?? worst.message)];
  });
}

function toChange({ grant, target, state, hint }: UnmetGrant, message: string): GrantChange {
  return {
    target,
    // no key of an entry: those of several grants have to differ in the journal
    key: `grant ${grant}`,
    grants: [grant],
    label: target.place === '' ? target.host : target.place,
    op: 'none',
    state,
    message,
    ...(hint !== undefined && { hint }),
  };
}
