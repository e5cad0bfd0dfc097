// Plans what is ours and wanted by no grant any more: it goes, unless it cannot be said what its grants want, or they only observe.
import type { Json } from './canonical.ts';
import type { ObservedEntry } from './entry.ts';
import type { GrantChange, Why } from './grant-change.ts';
import type { PullGrant } from './grant.ts';
import type { EntryRecord } from './grants-state.ts';
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

export function leftoverOf(target: Target, seen: ObservedEntry, record: EntryRecord | undefined): Leftover {
  const named = seen.grant === undefined ? [] : [seen.grant];
  const { key, label } = seen;
  return {
    target,
    key,
    label,
    grants: record?.content === undefined && named.length > 0 ? named : (record?.grants ?? named),
  };
}

/** @param before what stands there; undefined: it has gone by itself, and only the journal does not know */
export function planLeftover(
  leftover: Leftover,
  before: Json | undefined,
  wanted: WantedGrants,
  desired: ReadonlyMap<string, PullGrant>,
): GrantChange[] {
  if (isUnclear(leftover, wanted)) return [];
  const why = whyGone(leftover, wanted);
  if (before === undefined) return [goneAlready(leftover, why)];
  const modes = leftover.grants.map((grant) => desired.get(grant)?.mode);
  if (modes.length > 0 && modes.every((mode) => mode === 'observe')) {
    return [{ ...leftover, op: 'drift', before, message: `it is still there (${why}), and the grant only observes` }];
  }
  return [{ ...leftover, op: 'delete', before, risk: 'narrow', why }];
}

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
