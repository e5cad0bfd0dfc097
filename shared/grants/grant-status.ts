// What people see of a grant: its state as a whole, the worst of its entries that matters, and what each of them is at.
import { type EntryStatus, type KnownEntry, knownEntries } from './entry-status.ts';
import type { GrantChange } from './grant-change.ts';
import type { GrantState, GrantsState } from './grants-state.ts';
import type { PullGrant } from './grant.ts';
import { type Standing, standingOf } from './standing.ts';

export type GrantStatus = {
  grant: string;
  state: GrantState;
  entries: readonly EntryStatus[];
  until?: Date;
  /** The oldest proof among its entries; absent where one has none. */
  lastVerified?: Date;
  /** Of the entry that decides the state. */
  problem?: { message: string; hint?: string };
};

/** The worst first. */
const SEVERITY = [
  'Blocked',
  'Conflict',
  'Suspended',
  'Drifted',
  'Unsupported',
  'Pending',
  'Applying',
  'Applied',
] as const satisfies readonly GrantState[];

/** Not declared any more. */
const WITHDRAWN: Standing = { holds: false, state: 'Revoked', why: 'withdrawn', message: 'withdrawn' };

/**
 * Each grant that is desired, and each that is gone but left something, in the order of their names.
 * @param changes of a plan that was not applied; of one that was, those that are no writes. They count more than what the journal last said
 */
export function grantStatuses(
  desired: readonly PullGrant[],
  state: GrantsState,
  now: Date,
  changes: readonly GrantChange[] = [],
): GrantStatus[] {
  const standings = new Map(desired.map((grant) => [grant.id, standingOf(grant, state, now)]));
  const ends = new Map(desired.map(({ id, expiresAt }) => [id, expiresAt]));
  const bare = new Set(desired.filter(({ what }) => what.length === 0).map(({ id }) => id));
  const entries = byGrant(knownEntries(state, changes));
  const left = [...entries].filter(([, own]) => own.some(({ isThere }) => isThere)).map(([id]) => id);
  return [...new Set([...standings.keys(), ...left])].toSorted().flatMap((id) => {
    const standing = standings.get(id) ?? WITHDRAWN;
    const own = (entries.get(id) ?? []).filter((entry) => concerns(entry, id, standing, standings));
    if (!standings.has(id) && own.length === 0) return [];
    const until = ends.get(id) ?? state.grants.get(id)?.declaration.expiresAt;
    return [
      {
        grant: id,
        ...(standing.holds ? stateOf(own, bare.has(id)) : stateOfEnded(standing, own)),
        entries: own.map(({ grants: _grants, isThere: _isThere, ...entry }) => entry),
        ...(until !== undefined && { until }),
        ...lastVerified(own),
      },
    ];
  });
}

/** Of a grant that is over: what others do not need. Of one that holds: what did not go before. */
function concerns(
  { grants, isThere, state }: KnownEntry,
  id: string,
  standing: Standing,
  standings: ReadonlyMap<string, Standing>,
): boolean {
  if (standing.holds) return isThere || (state !== 'Expired' && state !== 'Revoked');
  const isNeeded = grants.some((other) => other !== id && standings.get(other)?.holds === true);
  return isThere && !isNeeded;
}

/** @param isBare there is nothing to be had of any back end: the credential that is brought with it decides, and stands by itself */
function stateOf(own: readonly KnownEntry[], isBare: boolean): Pick<GrantStatus, 'state' | 'problem'> {
  const worst = worstOf(own);
  if (worst === undefined && isBare) return { state: 'Applied' };
  if (worst === undefined)
    return { state: 'Pending', problem: { message: 'nothing that it means is known to be there' } };
  return { state: worst.state, ...(worst.problem !== undefined && { problem: worst.problem }) };
}

/** It is over when nothing is left of it, and not before. */
function stateOfEnded(
  standing: Extract<Standing, { holds: false }>,
  own: readonly KnownEntry[],
): Pick<GrantStatus, 'state' | 'problem'> {
  const { message, hint } = standing;
  const worst = worstOf(own);
  if (worst === undefined) return { state: standing.state, problem: { message, ...(hint !== undefined && { hint }) } };
  const isKept = worst.problem !== undefined && worst.state !== 'Applied' && worst.state !== 'Applying';
  return isKept && worst.problem !== undefined ? { state: worst.state, problem: worst.problem } : { state: 'Applying' };
}

function worstOf(own: readonly KnownEntry[]): KnownEntry | undefined {
  const found = SEVERITY.map((state) => own.find((entry) => entry.state === state)).find(
    (entry) => entry !== undefined,
  );
  return found ?? own[0];
}

function lastVerified(own: readonly KnownEntry[]): Pick<GrantStatus, 'lastVerified'> {
  const times = own.map(({ verification }) => verification?.at.getTime());
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 || known.length < times.length ? {} : { lastVerified: new Date(Math.min(...known)) };
}

function byGrant(entries: readonly KnownEntry[]): ReadonlyMap<string, readonly KnownEntry[]> {
  const pairs = entries.flatMap((entry) => entry.grants.map((grant) => ({ grant, entry })));
  return new Map(
    [...Map.groupBy(pairs, ({ grant }) => grant)].map(([grant, own]) => [grant, own.map(({ entry }) => entry)]),
  );
}
