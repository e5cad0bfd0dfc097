// What people see of a grant: its state as a whole, the worst of its entries that matters, and what each of them is at.
import { type EntryStatus, type KnownEntry, knownEntries } from './entry-status.ts';
import type { GrantChange } from './grant-change.ts';
import type { GrantState, GrantsState } from './grants-state.ts';
import type { PullGrant } from './grant.ts';
import { overbroadReasons } from './overbroad.ts';
import { toldTogether, worstFirst } from './severity.ts';
import { givenByHand, type Standing, standingOf } from './standing.ts';

export type GrantStatus = {
  grant: string;
  state: GrantState;
  entries: readonly EntryStatus[];
  until?: Date;
  /** The oldest proof among its entries; absent where one has none. */
  lastVerified?: Date;
  /** All that is the matter, beginning with what decides the state. */
  problem?: { message: string; hint?: string };
};

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
  const declared = new Map(desired.map((grant) => [grant.id, grant]));
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
        ...(standing.holds ? stateOf(own, declared.get(id)) : stateOfEnded(standing, own)),
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

function stateOf(own: readonly KnownEntry[], grant: PullGrant | undefined): Pick<GrantStatus, 'state' | 'problem'> {
  const [worst] = worstFirst(own);
  if (worst !== undefined) return { state: worst.state, ...problemOf(own) };
  // nothing is to be had of any back end: the credential that is brought with it decides, and stands by itself
  if (grant?.what.length === 0) return { state: 'Applied' };
  const reach = grant === undefined ? [] : overbroadReasons(grant);
  if (reach.length === 0)
    return { state: 'Pending', problem: { message: 'nothing that it means is known to be there' } };
  const { state, ...problem } = givenByHand(reach.join(' and '));
  return { state, problem };
}

function problemOf(own: readonly KnownEntry[]): Pick<GrantStatus, 'problem'> {
  const troubled = worstFirst(own).flatMap(({ state, problem }) => (problem === undefined ? [] : [{ state, problem }]));
  const message = toldTogether(troubled.map(({ state, problem }) => ({ state, message: problem.message })));
  const hint = troubled.find(({ problem }) => problem.hint !== undefined)?.problem.hint;
  return message === undefined ? {} : { problem: { message, ...(hint === undefined ? {} : { hint }) } };
}

/** It is over when nothing is left of it, and not before. */
function stateOfEnded(
  standing: Extract<Standing, { holds: false }>,
  own: readonly KnownEntry[],
): Pick<GrantStatus, 'state' | 'problem'> {
  const { message, hint } = standing;
  const problem = { message, ...(hint !== undefined && { hint }) };
  const [worst] = worstFirst(own);
  if (worst === undefined) return { state: standing.state, problem };
  const isKept = worst.problem !== undefined && worst.state !== 'Applied' && worst.state !== 'Applying';
  return isKept ? { state: worst.state, ...problemOf(own) } : { state: 'Applying', problem };
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
