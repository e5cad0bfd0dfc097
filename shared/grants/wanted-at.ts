// Says what entries one grant is at one site, and holds back those that wait for a human: approval, or a confirmation of a uid.
import { isTransshipError, messageOf } from '../errors.ts';
import type { Wanted } from './backend.ts';
import type { Shortfall, WantedEntry } from './entry.ts';
import type { PullGrant } from './grant.ts';
import type { OfGrant } from './merge-entries.ts';
import type { SurveyedGrants } from './observed-grants.ts';
import { overbroadReasons } from './overbroad.ts';
import { type KnownUids, changedNames, inSite } from './pinned-uids.ts';
import { entryKey } from './plan-hash.ts';
import type { Route } from './routes.ts';
import { type Target, siteKey, targetKey } from './site.ts';
import { unapproved } from './standing.ts';

/** Why a grant, or a part of it, has no entry; also because of what became of it. */
export type UnmetGrant = Omit<Shortfall, 'state'> & {
  state: Shortfall['state'] | 'Suspended' | 'Revoked' | 'Expired';
  /** Of Suspended: what somebody who lets it go on confirms, as the journal remembers it. */
  uids?: Readonly<Record<string, string>>;
};

/** What is wanted of one grant. */
export type OneGrant = {
  entries: readonly OfGrant[];
  shortfalls: readonly UnmetGrant[];
  /** Entries that wait for a confirmation: `grant entryKey`. */
  suspended: readonly string[];
  /** Where it cannot be said what the grant wants: `grant siteKey` or `grant targetKey`. */
  unclear: readonly string[];
};

export type WantedContext = {
  surveyed: SurveyedGrants;
  now: Date;
  /** Of a pinned grant. */
  known?: KnownUids;
  /** The grant has ended and is declared to stay. */
  ended?: string;
};

export function wantedAt(route: Route, grant: PullGrant, { ended, known, surveyed, now }: WantedContext): OneGrant {
  const { site } = route.at;
  const { entries, shortfalls } = tell(route, grant, surveyed.instance);
  const broad = overbroadReasons({ grantees: route.grantees, what: route.parts }).join(' and ');
  const whole = entries.map((entry) =>
    broad === '' || entry.overbroad !== undefined ? entry : { ...entry, overbroad: broad },
  );
  const held = new Map(
    whole.flatMap((entry) => {
      const reason = heldBack(grant, entry, known, ended, now);
      return reason === undefined ? [] : [[entry, reason] as const];
    }),
  );
  return {
    entries: whole
      .filter((entry) => !held.has(entry))
      .map((entry) => ({ grant, entry, ...(ended !== undefined && { ended }) })),
    shortfalls: [...shortfalls, ...held.values()],
    suspended: [...held]
      .filter(([, { state }]) => state === 'Suspended')
      .map(([entry]) => `${grant.id} ${entryKey(entry.target, entry.key)}`),
    unclear: shortfalls
      .filter(({ state }) => state === 'Blocked')
      .map(({ target }) => `${grant.id} ${target.place === '' ? siteKey(site) : targetKey(target)}`),
  };
}

/** A back end that cannot tell of one grant tells of the others all the same. */
function tell({ at, parts, grantees }: Route, grant: PullGrant, instance: string): Wanted {
  const { site } = at;
  const target: Target = { backend: site.backend, host: site.host, place: '' };
  if ('error' in at) return { entries: [], shortfalls: [blocked(grant, target, at.error)] };
  try {
    const request = { grant, parts, grantees, site, survey: at.survey, instance };
    return at.wanted?.(request) ?? { entries: [], shortfalls: [] };
  } catch (error) {
    return { entries: [], shortfalls: [blocked(grant, target, error)] };
  }
}

function blocked({ id }: PullGrant, target: Target, error: unknown): Shortfall {
  const hint = isTransshipError(error) ? error.hint : undefined;
  return { grant: id, target, state: 'Blocked', message: messageOf(error), ...(hint !== undefined && { hint }) };
}

/** Undefined: nothing keeps the entry. */
function heldBack(
  grant: PullGrant,
  entry: WantedEntry,
  known: KnownUids | undefined,
  ended: string | undefined,
  now: Date,
): UnmetGrant | undefined {
  const place = { grant: grant.id, target: entry.target };
  if (ended !== undefined && entry.endsAt !== undefined && entry.endsAt <= now) {
    return { ...place, state: 'Expired', message: `${entry.target.host} ended it at ${entry.endsAt.toISOString()}` };
  }
  if (entry.overbroad !== undefined && grant.approvedBy === undefined)
    return { ...place, ...unapproved(entry.overbroad) };
  const changed = changedNames(entry, known);
  if (changed.length === 0) return undefined;
  return {
    ...place,
    state: 'Suspended',
    message: `made anew under the same name since the grant was given: ${changed.join(', ')}`,
    hint: `look whether it is still the right one, then run \`transship grants resume ${grant.id}\``,
    uids: Object.fromEntries(inSite(entry.target, entry.uids)),
  };
}
