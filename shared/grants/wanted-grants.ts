// Says what entries the grants are at which targets, before any target is read, and why the rest of them is none.
import type { PullGrant } from './grant.ts';
import type { GrantsState } from './grants-state.ts';
import { type MergedEntry, mergeEntries } from './merge-entries.ts';
import type { SurveyedGrants } from './observed-grants.ts';
import { knownUids } from './pinned-uids.ts';
import { routesOf } from './routes.ts';
import { type Target, targetKey } from './site.ts';
import { type Standing, standingOf } from './standing.ts';
import { type OneGrant, type UnmetGrant, type WantedContext, wantedAt } from './wanted-at.ts';

export type WantedGrants = {
  /** By `entryKey`, in the order of the keys; each once, whoever shares it. */
  entries: ReadonlyMap<string, MergedEntry>;
  /** Why a grant, or a part of it, has no entry; in the order of grants and targets. */
  shortfalls: readonly UnmetGrant[];
  /** By grant. */
  standings: ReadonlyMap<string, Standing>;
  /** Entries that wait for somebody to confirm what they are bound to: `grant entryKey`. */
  suspended: ReadonlySet<string>;
  /** Where it cannot be said what a grant wants, so that what it has stays: `grant siteKey` or `grant targetKey`. */
  unclear: ReadonlySet<string>;
};

/** The same for the same grants in any order. One that cannot be told does not keep the others from being told. */
export function wantedGrants(desired: readonly PullGrant[], surveyed: SurveyedGrants, now: Date): WantedGrants {
  const grants = desired
    .toSorted((left, right) => compare(left.id, right.id))
    .map((grant) => ({ grant, standing: standingOf(grant, surveyed.state, now) }));
  const uids = knownUids(desired, surveyed.state);
  const each = grants.map(({ grant, standing }) => {
    const known = uids.get(grant.id);
    return wantedOf(grant, standing, { surveyed, now, ...(known !== undefined && { known }) });
  });
  const merged = mergeEntries(
    each.flatMap(({ entries }) => entries),
    surveyed.state,
  );
  const all = [...each.flatMap((one) => one.shortfalls), ...merged.shortfalls];
  const shortfalls = new Map(all.map((one) => [orderOf(one), one]));
  return {
    entries: merged.entries,
    shortfalls: [...shortfalls].toSorted(([left], [right]) => compare(left, right)).map(([, one]) => one),
    standings: new Map(grants.map(({ grant, standing }) => [grant.id, standing])),
    suspended: new Set(each.flatMap(({ suspended }) => suspended)),
    unclear: new Set(each.flatMap(({ unclear }) => unclear)),
  };
}

/** Where grants want something, and where something of ours is known to stand: each target once, in the order of their keys. */
export function targetsToRead(wanted: WantedGrants, state: GrantsState): Target[] {
  const known = [...state.entries.values()].filter(
    ({ content, intended, isUnknown }) => content !== undefined || intended !== undefined || isUnknown === true,
  );
  const meant = [...wanted.entries.values()].map((entry) => entry.wanted);
  const byKey = new Map([...meant, ...known].map(({ target }) => [targetKey(target), target]));
  return [...byKey].toSorted(([left], [right]) => compare(left, right)).map(([, target]) => target);
}

function wantedOf(grant: PullGrant, standing: Standing, context: WantedContext): OneGrant {
  if (!standing.holds) return unmet([shortOf(grant, standing)]);
  const { routes, unrouted } = routesOf(grant, context.surveyed.sites);
  const at = [
    unmet(unrouted.map((one) => shortOf(grant, one, one.part.registry))),
    ...routes.map((route) =>
      wantedAt(route, grant, { ...context, ...(standing.ended !== undefined && { ended: standing.ended }) }),
    ),
  ];
  return {
    entries: at.flatMap(({ entries }) => entries),
    shortfalls: at.flatMap(({ shortfalls }) => shortfalls),
    suspended: at.flatMap(({ suspended }) => suspended),
    unclear: at.flatMap(({ unclear }) => unclear),
  };
}

function unmet(shortfalls: readonly UnmetGrant[]): OneGrant {
  return { entries: [], shortfalls, suspended: [], unclear: [] };
}

/** Of a registry as a whole: the first of the grant by name, where it is all the same. */
function shortOf(
  { id, what }: PullGrant,
  { state, message, hint }: Pick<UnmetGrant, 'state' | 'message' | 'hint'>,
  registry?: string,
): UnmetGrant {
  const [first = ''] = what.map((part) => part.registry).toSorted();
  const target: Target = { backend: 'none', host: registry ?? first, place: '' };
  return { grant: id, target, state, message, ...(hint !== undefined && { hint }) };
}

function orderOf({ grant, target, message }: UnmetGrant): string {
  return `${grant} ${targetKey(target)} ${message}`;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
