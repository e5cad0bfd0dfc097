// Plans what is to be done so that the grants hold. It reads nothing but its arguments: what is printed is what would be applied, and
// the next run plans from what it then finds.
import { inOrder } from './change-order.ts';
import { type ObservedEntry, type ObservedTarget, type UnreadTarget, isRead } from './entry.ts';
import type { GrantChange } from './grant-change.ts';
import type { PullGrant } from './grant.ts';
import type { EntryRecord } from './grants-state.ts';
import type { MergedEntry } from './merge-entries.ts';
import type { ObservedGrants } from './observed-grants.ts';
import { type KnownNames, knownNames } from './known-names.ts';
import { isOurs, isSameContent } from './ownership.ts';
import { planEntry } from './plan-entry.ts';
import { entryKey } from './plan-hash.ts';
import { isKnown, leftoverOf, planLeftover } from './plan-leftover.ts';
import { siteKey, targetKey } from './site.ts';
import { unmetChanges } from './unmet-changes.ts';
import { type WantedGrants, wantedGrants } from './wanted-grants.ts';

/**
 * The changes in the order in which they are applied: what has expired goes first, then what narrows, then what widens, then what is no
 * write. `desired`: the grants of the configuration and those by the API (see `desiredGrants`). A target that could not be read, and a
 * grant that cannot be told, are said so and keep nobody else waiting.
 */
export function planGrants(desired: readonly PullGrant[], observed: ObservedGrants, now: Date): GrantChange[] {
  const wanted = wantedGrants(desired, observed, now);
  const context: Context = {
    wanted,
    desired: new Map(desired.map((grant) => [grant.id, grant])),
    observed,
    wantedAt: Map.groupBy(wanted.entries.values(), (merged) => targetKey(merged.wanted.target)),
    recordsAt: Map.groupBy(observed.state.entries.values(), ({ target }) => targetKey(target)),
    sites: new Set(observed.sites.map(({ site }) => siteKey(site))),
    names: knownNames([...observed.state.grants.keys(), ...desired.map(({ id }) => id)]),
    prunesUnknown: observed.prunesUnknown === true,
  };
  const seen = new Set(observed.targets.map(({ target }) => targetKey(target)));
  const unseen = [...wanted.entries.values()].filter((merged) => !seen.has(targetKey(merged.wanted.target)));
  return inOrder([
    ...observed.targets.flatMap((one) => (isRead(one) ? planRead(one, context) : planUnread(one, context))),
    ...unseen.map((merged) => blocked(merged.wanted, 'nobody looked at it')),
    ...unmetChanges(wanted.shortfalls),
  ]);
}

type Context = {
  wanted: WantedGrants;
  desired: ReadonlyMap<string, PullGrant>;
  observed: ObservedGrants;
  /** By target. */
  wantedAt: ReadonlyMap<string, readonly MergedEntry[]>;
  recordsAt: ReadonlyMap<string, readonly EntryRecord[]>;
  sites: ReadonlySet<string>;
  names: KnownNames;
  prunesUnknown: boolean;
};

function planRead(at: ObservedTarget, context: Context): GrantChange[] {
  if (at.state === 'ending') return wantedOf(at, context).map(({ wanted }) => absent(wanted, 'is being removed'));
  const seen = new Map(at.entries.map((entry) => [entry.key, entry]));
  const entries = wantedOf(at, context).map((merged) =>
    at.state === 'missing'
      ? absent(merged.wanted, 'is not there')
      : planEntry(merged, seen.get(merged.wanted.key) ?? twinOf(merged, at), recordOf(at, merged.wanted.key, context)),
  );
  return [...entries, ...planLeftovers(at, context)];
}

/** Somebody else's that says the same in a place of its own: what `adopt` takes over, and enough for a grant that only observes. */
function twinOf({ wanted, isEnforced, adopts }: MergedEntry, { entries }: ObservedTarget): ObservedEntry | undefined {
  if (isEnforced && !adopts) return undefined;
  const [twin] = entries
    .filter(({ owner, content }) => owner === 'foreign' && isSameContent(content, wanted.content))
    .filter(({ isOtherInstance }) => !isEnforced || isOtherInstance !== true)
    .toSorted((left, right) => (left.key < right.key ? -1 : 1));
  return twin;
}

/** What stands there and is ours, and what the journal believes to stand there. Sites that nobody asked about keep what they have. */
function planLeftovers({ target, entries }: ObservedTarget, context: Context): GrantChange[] {
  const { wanted, sites, recordsAt } = context;
  if (!sites.has(siteKey(target))) return [];
  const isWanted = (key: string): boolean => wanted.entries.has(entryKey(target, key));
  const keys = new Set(entries.map(({ key }) => key));
  const standing = entries
    .map((seen) => ({ seen, record: recordOf({ target }, seen.key, context) }))
    .filter(({ seen, record }) => !isWanted(seen.key) && isOurs(seen, record))
    .map(({ seen, record }) => ({
      leftover: leftoverOf(target, seen, record, context.names),
      before: seen.content,
      isKnown: isKnown(seen, record, context.names),
    }));
  const gone = (recordsAt.get(targetKey(target)) ?? [])
    .filter((record) => isBelievedThere(record) && !isWanted(record.key) && !keys.has(record.key))
    .map(({ key, label, grants }) => ({ leftover: { target, key, label, grants }, before: undefined, isKnown: true }));
  return [...standing, ...gone].flatMap(({ leftover, ...found }) => planLeftover(leftover, found, context));
}

function planUnread({ target, error }: UnreadTarget, context: Context): GrantChange[] {
  const wanted = wantedOf({ target }, context).map((merged) => merged.wanted);
  const keys = new Set(wanted.map(({ key }) => key));
  const left = (context.recordsAt.get(targetKey(target)) ?? []).filter(
    (record) => isBelievedThere(record) && !keys.has(record.key),
  );
  return [...wanted, ...left].map((entry) => blocked(entry, error.message, error.hint));
}

function wantedOf({ target }: Pick<ObservedTarget, 'target'>, { wantedAt }: Context): readonly MergedEntry[] {
  return wantedAt.get(targetKey(target)) ?? [];
}

function recordOf(
  { target }: Pick<ObservedTarget, 'target'>,
  key: string,
  { observed }: Context,
): EntryRecord | undefined {
  return observed.state.entries.get(entryKey(target, key));
}

function isBelievedThere({ content, intended }: EntryRecord): boolean {
  return content !== undefined || intended !== undefined;
}

type Named = Pick<EntryRecord, 'target' | 'key' | 'grants'>;

function absent({ target, key, grants }: Named, what: string): GrantChange {
  return { target, key, grants, label: key, op: 'none', state: 'Pending', message: `${target.place} ${what}` };
}

function blocked({ target, key, grants }: Named, message: string, hint?: string): GrantChange {
  return {
    target,
    key,
    grants,
    label: key,
    op: 'none',
    state: 'Blocked',
    message,
    ...(hint !== undefined && { hint }),
  };
}
