// What a grant is at Quay: a read permission of a robot account, user or team at each repository, and for a whole organization also the
// permission that its new repositories begin with.
// https://docs.redhat.com/en/documentation/red_hat_quay/3.15/html/use_red_hat_quay/allow-robot-access-user-repo
import type { Wanted, WantedEntries, WantedRequest } from '../backend.ts';
import type { Shortfall, WantedEntry } from '../entry.ts';
import type { Grantee, PullPart } from '../grant.ts';
import { isExactPattern, matchesRepository } from '../repository-pattern.ts';
import { contentOf, keyOf, type Delegate } from './entry-content.ts';

type Why = Pick<Shortfall, 'state' | 'message' | 'hint'>;
type Refuse = (place: string, why: Why) => void;

export const quayWanted: WantedEntries = (request) => {
  const shortfalls: Shortfall[] = [];
  const { grant, site } = request;
  const refuse: Refuse = (place, why) => {
    shortfalls.push({ grant: grant.id, target: { backend: site.backend, host: site.host, place }, ...why });
  };
  const places = [...new Set(request.parts.flatMap((part) => placesOf(part, request, refuse)))];
  const entries = request.grantees.flatMap((grantee) =>
    places.flatMap((place) => entryOf(delegateOf(grantee, place, request, refuse), place, request)),
  );
  return { entries, shortfalls } satisfies Wanted;
};

function entryOf(delegate: Delegate | undefined, place: string, { grant, site }: WantedRequest): WantedEntry[] {
  if (delegate === undefined) return [];
  const target = { backend: site.backend, host: site.host, place };
  return [{ target, key: keyOf(delegate), content: contentOf({ ...delegate, role: 'read' }), grants: [grant.id] }];
}

/** Robot accounts and teams belong to the organization of the repository. */
function delegateOf(grantee: Grantee, place: string, { site }: WantedRequest, refuse: Refuse): Delegate | undefined {
  const [organization = ''] = place.split('/');
  if (grantee.kind === 'Robot') {
    const name = grantee.name.includes('+') ? grantee.name : `${organization}+${grantee.name}`;
    if (name.startsWith(`${organization}+`)) return { kind: 'user', name };
    refuse(place, {
      state: 'Unsupported',
      message: `${name} is a robot account of another organization than ${place}`,
      hint: `name one of ${organization}: ${organization}+NAME`,
    });
    return undefined;
  }
  if (grantee.kind === 'User' && grantee.cluster === undefined) return { kind: 'user', name: grantee.name };
  if (grantee.kind === 'Team') return { kind: 'team', name: grantee.name };
  refuse(place, {
    state: 'Unsupported',
    message: `${site.host} knows robot accounts, users and teams of Quay, and no ${grantee.kind}`,
    hint: 'name the grantee by robot: organization+name, by user, or by team',
  });
  return undefined;
}

function placesOf({ what }: PullPart, { site, survey }: WantedRequest, refuse: Refuse): string[] {
  if (what.kind === 'namespace') {
    const hint = `grant everything of the organization: ${what.name}/**`;
    refuse(what.name, { state: 'Unsupported', message: `${site.host} has no image Namespaces`, hint });
    return [];
  }
  const { pattern } = what;
  if (isExactPattern(pattern)) return [pattern];
  const [organization = ''] = pattern.split('/');
  if (organization.includes('*')) {
    refuse(pattern, {
      state: 'Unsupported',
      message: `${site.host} has permissions by organization, not for all of them at once`,
      hint: 'write a grant for each organization: acme/**',
    });
    return [];
  }
  const found = (survey.repositories ?? []).filter((repository) => matchesRepository(pattern, repository));
  // only a whole organization has permissions for what is still to come
  const isWhole = /^[^/]+\/\*\*$/.test(pattern);
  if (found.length === 0 && !isWhole) {
    const hint = 'it gets its permissions at the first look after it was made';
    refuse(pattern, { state: 'Pending', message: `no repository of ${site.host} fits ${pattern}`, hint });
  }
  return isWhole ? [...found, `${organization}/*`] : found;
}
