// What a grant is at GitLab: a deploy token that is made for it, of a project or of a group. GitLab gives nothing narrower than a project.
// https://docs.gitlab.com/user/project/deploy_tokens/
import type { Wanted, WantedEntries, WantedRequest } from '../backend.ts';
import type { Shortfall, WantedEntry } from '../entry.ts';
import type { Grantee, PullPart } from '../grant.ts';
import { formatShownOnce, markedName } from '../shown-once-mark.ts';
import { tokenKey, type TokenContent } from './entry-content.ts';
import { ownerInFact, pathIn, placeOf } from './owners.ts';

type Why = Pick<Shortfall, 'state' | 'message' | 'hint'>;
type Refuse = (place: string, why: Why) => void;

/** Of names in GitLab's database. */
const MOST_NAME = 255;

export const gitlabWanted: WantedEntries = (request) => {
  const shortfalls: Shortfall[] = [];
  const { grant, site } = request;
  const refuse: Refuse = (place, why) => {
    shortfalls.push({ grant: grant.id, target: { backend: site.backend, host: site.host, place }, ...why });
  };
  const places = [...new Set(request.parts.flatMap((part) => placesOf(part, request, refuse)))];
  const entries = request.grantees.flatMap((grantee) => entryFor(grantee, places, request, refuse));
  return { entries, shortfalls } satisfies Wanted;
};

function placesOf({ what }: PullPart, { site, survey }: WantedRequest, refuse: Refuse): string[] {
  if (what.kind === 'namespace') {
    const hint = `grant everything of the project or group: ${what.name}/**`;
    refuse(what.name, { state: 'Unsupported', message: `${site.host} has no image Namespaces`, hint });
    return [];
  }
  const { pattern } = what;
  const path = pathIn(pattern);
  if (path === undefined) {
    const message = `${site.host} gives access by project and group, not for all of them at once`;
    refuse(pattern, { state: 'Unsupported', message, hint: 'write a grant for each group: acme/**' });
    return [];
  }
  const owner = ownerInFact(survey.facts?.[path]);
  if (owner === undefined) {
    refuse(pattern, {
      state: 'Pending',
      message: `${site.host} has no project or group ${path} that the login may see`,
      hint: 'check the path, and that the owner of the access token is Maintainer of the project, or Owner of the group',
    });
    return [];
  }
  if (owner.path !== path) {
    refuse(pattern, {
      state: 'Unsupported',
      message: `${site.host} gives projects as a whole, and nothing narrower: not ${pattern} alone of ${owner.path}`,
      hint: `grant ${owner.path}/**, or give what is meant a project of its own`,
    });
    return [];
  }
  if (owner.kind === 'project' || pattern.endsWith('/**')) return [placeOf(owner)];
  refuse(pattern, {
    state: 'Unsupported',
    message: `${path} is a group of ${site.host}: its deploy tokens pull from all of its projects, and those of its groups`,
    hint: `grant ${path}/**, or each project by its path`,
  });
  return [];
}

function entryFor(
  grantee: Grantee,
  [place, ...others]: readonly string[],
  { grant, site, instance }: WantedRequest,
  refuse: Refuse,
): WantedEntry[] {
  if (place === undefined) return [];
  if (grantee.kind !== 'DeployToken') {
    refuse(place, {
      state: 'Unsupported',
      message: `${site.host} has deploy tokens for grants, and nothing for ${grantee.kind}`,
      hint: 'name the grantee by deployToken (with a secret); members of projects and groups are set at GitLab',
    });
    return [];
  }
  const { name, secret } = grantee;
  if (secret === undefined) {
    refuse(place, {
      state: 'Unsupported',
      message: `there is nowhere to keep deploy token ${name}: ${site.host} tells it only once`,
      hint: 'give the deploy token a secret: {cluster, namespace, name}; GitLab makes it for this grant',
    });
    return [];
  }
  if (others.length > 0) {
    refuse(place, {
      state: 'Unsupported',
      message: `deploy token ${name} is one of a single project or group, and its Secret holds one login for ${site.host}: not those of ${[place, ...others].join(', ')}`,
      hint: 'write a grant for each of them, each with a Secret of its own, or one for a group that has them all',
    });
    return [];
  }
  const token = markedName(instance, grant.id, name);
  const end = grant.expiresAt === undefined ? {} : { endsAt: grant.expiresAt };
  if (`${token} ${formatShownOnce({ grant: grant.id, secret, isKept: true, ...end })}`.length > MOST_NAME) {
    refuse(place, {
      state: 'Unsupported',
      message: `the name of the Secret for deploy token ${name} is longer than the name of a deploy token may be`,
      hint: 'give the Secret a shorter name',
    });
    return [];
  }
  const content = {
    kind: 'deploy-token',
    token,
    secret,
    isKept: true,
    ...(grant.expiresAt === undefined ? {} : { endsAt: grant.expiresAt.toISOString() }),
  } satisfies TokenContent;
  const target = { backend: site.backend, host: site.host, place };
  return [{ target, key: tokenKey(token), content, grants: [grant.id], ...end }];
}
