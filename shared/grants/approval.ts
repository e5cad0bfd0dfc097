// Which changes of a plan let in everybody, or open every repository: they are applied only by somebody who says so.
import { canonicalText } from './canonical.ts';
import type { GrantChange } from './grant-change.ts';
import type { GrantsState } from './grants-state.ts';
import { entryKey } from './plan-hash.ts';

export type OverbroadWidening = GrantChange & { op: 'create' | 'update' };

/** Those that need the explicit flag at apply. What was written before by somebody with the flag is only put back. */
export function overbroadWidenings(changes: readonly GrantChange[], state: GrantsState): OverbroadWidening[] {
  return changes.filter((change): change is OverbroadWidening => {
    if (change.op !== 'create' && change.op !== 'update') return false;
    if (change.risk !== 'widen' || change.wanted.overbroad === undefined) return false;
    const written = state.entries.get(entryKey(change.target, change.key))?.content;
    return written === undefined || canonicalText(written) !== canonicalText(change.wanted.content);
  });
}
