// What a grant is at Artifact Registry: one member of a binding per grantee and repository. Where it ends, IAM itself ends it.
// https://cloud.google.com/iam/docs/configuring-temporary-access
import type { Wanted, WantedEntries, WantedRequest } from '../backend.ts';
import type { Shortfall, WantedEntry } from '../entry.ts';
import type { Grantee, PullPart } from '../grant.ts';
import { matchesRepository } from '../repository-pattern.ts';
import { meaningOf } from './places.ts';
import { canonicalMember, contentOf, keyOf, markOf, READER, untilExpression, type Access } from './policy.ts';

const EVERYBODY: Readonly<Record<string, string>> = {
  allUsers: 'everybody at all, without a login',
  allAuthenticatedUsers: 'everybody with a Google account',
};

export const artifactRegistryWanted: WantedEntries = (request) => {
  const entries = new Map<string, WantedEntry>();
  const shortfalls: Shortfall[] = [];
  const members = request.grantees.flatMap((grantee) => memberOf(grantee, request, shortfalls));
  for (const part of request.parts) {
    for (const place of placesOf(part, request, shortfalls)) {
      for (const member of members) {
        const entry = entryOf(member, place, request);
        entries.set(`${place} ${entry.key}`, entry);
      }
    }
  }
  return { entries: [...entries.values()], shortfalls } satisfies Wanted;
};

function entryOf(member: string, place: string, { grant, site, instance }: WantedRequest): WantedEntry {
  const everybody = EVERYBODY[member];
  // IAM refuses conditions for everybody: there our timer has to end it. https://cloud.google.com/iam/docs/conditions-overview
  const endsAt = everybody === undefined ? wholeSeconds(grant.expiresAt) : undefined;
  const condition =
    endsAt === undefined ? {} : { condition: { ...markOf(grant.id, instance), expression: untilExpression(endsAt) } };
  const access: Access = { role: READER, member, ...condition };
  return {
    target: { backend: site.backend, host: site.host, place },
    key: keyOf(access),
    content: contentOf(access),
    grants: [grant.id],
    ...(endsAt === undefined ? {} : { endsAt }),
    ...(everybody === undefined ? {} : { overbroad: everybody }),
  };
}

function memberOf(grantee: Grantee, request: WantedRequest, shortfalls: Shortfall[]): string[] {
  if (grantee.kind === 'GooglePrincipal') return [canonicalMember(grantee.member)];
  shortfalls.push(
    shortfall(request, '', {
      state: 'Unsupported',
      message: `Artifact Registry at ${request.site.host} knows principals of Google only, and no ${grantee.kind}`,
      hint: 'name the grantee by googlePrincipal: serviceAccount:…, group:…, or principal://… of a workload identity pool',
    }),
  );
  return [];
}

function placesOf({ what }: PullPart, request: WantedRequest, shortfalls: Shortfall[]): string[] {
  const { site, survey } = request;
  if (what.kind === 'namespace') {
    shortfalls.push(
      shortfall(request, what.name, {
        state: 'Unsupported',
        message: `${site.host} has projects and repositories, no namespaces of images`,
        hint: 'grant a repository: PROJECT/REPOSITORY/**',
      }),
    );
    return [];
  }
  const meaning = meaningOf(site.host, what.pattern);
  if (meaning.kind === 'repository') return [meaning.place];
  if (meaning.kind === 'nothing') {
    const { message, hint } = meaning;
    shortfalls.push(shortfall(request, what.pattern, { state: 'Unsupported', message, hint }));
    return [];
  }
  const unread = survey.facts?.[unreadFact(meaning.prefix)];
  const found = (survey.repositories ?? []).filter((place) => matchesRepository(`${meaning.prefix}/*`, place));
  if (found.length === 0) {
    const message =
      unread === undefined
        ? `there is no repository for ${what.pattern} at ${site.host}`
        : `the repositories for ${what.pattern} at ${site.host} cannot be listed: ${unread}`;
    const hint = `check the project ${meaning.prefix}, its location, and the right artifactregistry.repositories.list there`;
    // of the registry as a whole: which of its repositories are meant is not known, and each keeps what it has
    const [place, state] = unread === undefined ? ([what.pattern, 'Pending'] as const) : (['', 'Blocked'] as const);
    shortfalls.push(shortfall(request, place, { state, message, hint }));
  }
  return found;
}

/** Under which fact a survey tells why a project could not be listed. */
export function unreadFact(prefix: string): string {
  return `unread ${prefix}`;
}

function shortfall(
  { grant, site }: WantedRequest,
  place: string,
  why: Pick<Shortfall, 'state' | 'message' | 'hint'>,
): Shortfall {
  return { grant: grant.id, target: { backend: site.backend, host: site.host, place }, ...why };
}

/** Never later than it was declared. */
function wholeSeconds(end: Date | undefined): Date | undefined {
  return end === undefined ? undefined : new Date(Math.floor(end.getTime() / 1000) * 1000);
}
