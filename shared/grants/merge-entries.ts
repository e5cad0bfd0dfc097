// Entries that several grants share become one, that stands as long as one of them needs it.
import { canonicalText } from './canonical.ts';
import type { Shortfall, WantedEntry } from './entry.ts';
import type { PullGrant } from './grant.ts';
import type { GrantsState } from './grants-state.ts';
import { entryKey } from './plan-hash.ts';

/** What one grant wants. */
export type OfGrant = {
  grant: PullGrant;
  entry: WantedEntry;
  /** The grant has ended and is declared to stay: this is told. */
  ended?: string;
};

export type MergedEntry = {
  wanted: WantedEntry;
  /** One of its grants wants it written; otherwise it is only looked at. */
  isEnforced: boolean;
  /** One of its grants takes over what somebody else made, if that says the same. */
  adopts: boolean;
  /** All of its grants have ended and are declared to stay: it is not written any more. */
  ended?: string;
};

/**
 * By `entryKey`, in the order of the keys. Where grants want different things under the same key, what already stands there stays, else the
 * first by name gets it; the others are told.
 * @param wanted in the order of the grants
 */
export function mergeEntries(
  wanted: readonly OfGrant[],
  state: GrantsState,
): { entries: ReadonlyMap<string, MergedEntry>; shortfalls: Shortfall[] } {
  const byKey = [...Map.groupBy(wanted, ({ entry }) => entryKey(entry.target, entry.key))].toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  );
  const merged = byKey.map(([key, claims]) => ({ key, ...settle(claims, state.entries.get(key)?.content) }));
  return {
    entries: new Map(merged.map(({ key, agreed }) => [key, mergeOne(agreed)])),
    shortfalls: merged.flatMap(({ agreed, others }) => others.map((one) => outvoted(one, agreed))),
  };
}

type Settled = { agreed: readonly OfGrant[]; others: readonly OfGrant[] };

function settle(claims: readonly OfGrant[], written: WantedEntry['content'] | undefined): Settled {
  // most are not shared
  if (claims.length === 1) return { agreed: claims, others: [] };
  const byContent = Map.groupBy(claims, ({ entry }) => canonicalText(entry.content));
  const standing = written === undefined ? undefined : byContent.get(canonicalText(written));
  const agreed = standing ?? [...byContent.values()][0] ?? [];
  return { agreed, others: claims.filter((claim) => !agreed.includes(claim)) };
}

function mergeOne(agreed: readonly OfGrant[]): MergedEntry {
  const [first] = agreed;
  if (first === undefined) throw new TypeError('an entry without a grant');
  const running = agreed.filter(({ ended }) => ended === undefined);
  const { overbroad: _overbroad, endsAt: _endsAt, uids: _uids, ...entry } = first.entry;
  const overbroad = agreed.map((one) => one.entry.overbroad).find((reason) => reason !== undefined);
  const endsAt = lastEnd(agreed);
  const uids = agreed.flatMap((one) => Object.entries(one.entry.uids ?? {}));
  const ended = running.length === 0 ? first.ended : undefined;
  return {
    wanted: {
      ...entry,
      grants: [...new Set(agreed.map(({ grant }) => grant.id))].toSorted(),
      ...(endsAt !== undefined && { endsAt }),
      ...(overbroad !== undefined && { overbroad }),
      ...(uids.length > 0 && { uids: Object.fromEntries(uids) }),
    },
    isEnforced: running.some(({ grant }) => grant.mode === 'enforce'),
    adopts: running.some(({ grant }) => grant.mode === 'enforce' && grant.adopt),
    ...(ended !== undefined && { ended }),
  };
}

/** Undefined: one of them does not end. */
function lastEnd(agreed: readonly OfGrant[]): Date | undefined {
  const ends = agreed.map(({ entry }) => entry.endsAt?.getTime() ?? Number.POSITIVE_INFINITY);
  const last = Math.max(...ends);
  return Number.isFinite(last) ? new Date(last) : undefined;
}

function outvoted({ grant, entry }: OfGrant, agreed: readonly OfGrant[]): Shortfall {
  const names = [...new Set(agreed.map((one) => one.grant.id))].toSorted().join(', ');
  return {
    grant: grant.id,
    target: entry.target,
    state: 'Blocked',
    message: `${entry.key} says something else for grant ${names}, and there is only one of it`,
    hint: 'let both grants say the same of it, or make it one grant',
  };
}
