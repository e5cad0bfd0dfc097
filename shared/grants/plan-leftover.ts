// Plans what is ours and wanted by no grant any more: it goes, unless it cannot be said what its grants want, or they only observe. What
// only has our mark, and was never heard of here, may be another server's: it is told.
import type { Json } from './canonical.ts';
import type { ObservedEntry } from './entry.ts';
import type { GrantChange, Why } from './grant-change.ts';
import type { PullGrant } from './grant.ts';
import type { EntryRecord } from './grants-state.ts';
import type { KnownNames } from './known-names.ts';
import { entryKey } from './plan-hash.ts';
import { type Target, siteKey, targetKey } from './site.ts';
import type { WantedGrants } from './wanted-grants.ts';

export type Leftover = {
  target: Target;
  key: string;
  label: string;
  /** Sorted; empty: nobody remembers whom it was for. */
  grants: readonly string[];
};

export function leftoverOf(
  target: Target,
  seen: ObservedEntry,
  record: EntryRecord | undefined,
  names: KnownNames,
): Leftover {
  const named = namedBy(seen, names);
  const { key, label } = seen;
  return {
    target,
    key,
    label,
    grants: record?.content === undefined && named.length > 0 ? named : (record?.grants ?? named),
  };
}

/** Whether the journal knows of it by more than having seen it: it was written from here, or its grant was declared here. */
export function isKnown(seen: ObservedEntry, record: EntryRecord | undefined, names: KnownNames): boolean {
  return (record !== undefined && record.isUnknown !== true) || namedBy(seen, names).some((grant) => names.has(grant));
}

function namedBy({ grant, grantHash }: ObservedEntry, names: KnownNames): string[] {
  const name = grant ?? (grantHash === undefined ? undefined : names.ofHash(grantHash));
  return name === undefined ? [] : [name];
}

type Found = {
  /** What stands there; undefined: it has gone by itself, and only the journal does not know. */
  before: Json | undefined;
  /** See `isKnown`. */
  isKnown: boolean;
};

type Context = { wanted: WantedGrants; desired: ReadonlyMap<string, PullGrant>; prunesUnknown: boolean };

export function planLeftover(
  leftover: Leftover,
  { before, isKnown }: Found,
  { wanted, desired, prunesUnknown }: Context,
): GrantChange[] {
  if (before !== undefined && !isKnown && !prunesUnknown) return [{ ...leftover, ...UNKNOWN, before }];
  if (isUnclear(leftover, wanted)) return [];
  const why = whyGone(leftover, wanted);
  if (before === undefined) return [goneAlready(leftover, why)];
  const modes = leftover.grants.map((grant) => desired.get(grant)?.mode);
  if (modes.length > 0 && modes.every((mode) => mode === 'observe')) {
    return [{ ...leftover, op: 'drift', before, message: `it is still there (${why}), and the grant only observes` }];
  }
  return [{ ...leftover, op: 'delete', before, risk: 'narrow', why }];
}

/** Two servers of one name would remove from each other what they give. */
const UNKNOWN = {
  op: 'drift',
  isUnknown: true,
  message:
    'it has our mark, and this journal does not know it: another server of the same instance made it, or a data folder was lost',
  hint: 'give each server an `instance` of its own; what nobody needs any more goes by `transship grants apply --prune-unknown`',
} as const;

/** An entry whose grants nobody remembers may be one of any grant. */
function isUnclear({ target, grants }: Leftover, { unclear, standings }: WantedGrants): boolean {
  const possible = grants.length === 0 ? [...standings.keys()] : grants;
  return possible.some(
    (grant) => unclear.has(`${grant} ${siteKey(target)}`) || unclear.has(`${grant} ${targetKey(target)}`),
  );
}

/** The least final reason of its grants: it has expired only where all of them have. */
const REASONS = ['changed', 'suspended', 'withdrawn', 'revoked', 'expired'] as const satisfies readonly Why[];

function whyGone(leftover: Leftover, wanted: WantedGrants): Why {
  const reasons = new Set(leftover.grants.map((grant) => whyNot(grant, leftover, wanted)));
  return REASONS.find((reason) => reasons.has(reason)) ?? 'withdrawn';
}

function whyNot(grant: string, { target, key }: Leftover, { standings, suspended }: WantedGrants): Why {
  const standing = standings.get(grant);
  if (standing === undefined) return 'withdrawn';
  if (!standing.holds) return standing.why;
  if (standing.ended !== undefined) return 'expired';
  return suspended.has(`${grant} ${entryKey(target, key)}`) ? 'suspended' : 'changed';
}

function goneAlready(leftover: Leftover, why: Why): GrantChange {
  const state = why === 'expired' ? 'Expired' : 'Revoked';
  return { ...leftover, op: 'none', state, message: `nothing is left to remove (${why})` };
}
