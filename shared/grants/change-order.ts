// The order in which changes are applied. Narrowing comes before widening, and what has expired before all else; only what is replaced by
// another entry of the same grant goes after that one is there, so that nobody is locked out between the two.
import type { GrantChange } from './grant-change.ts';
import { entryKey } from './plan-hash.ts';
import { targetKey } from './site.ts';

/** What has expired, what narrows, what stays as it is, what widens, what is replaced, and what is no write. */
const EXPIRED = 0;
const NARROWS = 1;
const SAME = 2;
const WIDENS = 3;
const REPLACED = 4;
const UNWRITTEN = 5;

const RANKS = { narrow: NARROWS, same: SAME, widen: WIDENS } as const;

/** The same order for the same changes. */
export function inOrder(changes: readonly GrantChange[]): GrantChange[] {
  const created = new Set(changes.filter(({ op }) => op === 'create').flatMap(claims));
  const ranked = changes.map((change) => ({ change, rank: rankOf(change, created), place: placeOf(change) }));
  return ranked
    .toSorted((left, right) => left.rank - right.rank || compare(left.place, right.place))
    .map(({ change }) => change);
}

function rankOf(change: GrantChange, created: ReadonlySet<string>): number {
  switch (change.op) {
    case 'delete':
      if (change.why === 'expired') return EXPIRED;
      return change.why === 'changed' && claims(change).some((claim) => created.has(claim)) ? REPLACED : NARROWS;
    case 'create':
    case 'update':
    case 'adopt':
      return RANKS[change.risk];
    default:
      return UNWRITTEN;
  }
}

function claims({ target, grants }: GrantChange): string[] {
  return grants.map((grant) => `${targetKey(target)} ${grant}`);
}

function placeOf(change: GrantChange): string {
  const message = change.op === 'none' ? change.message : '';
  return `${entryKey(change.target, change.key)} ${change.grants.join(' ')} ${message}`;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
