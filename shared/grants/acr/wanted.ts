// What a grant is at an Azure registry: a role of a principal, for the repositories that its mode can tell apart, or a token of the
// registry for whoever has no identity at Azure.
// https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-overview
import type { Wanted, WantedEntries, WantedRequest } from '../backend.ts';
import type { Shortfall, WantedEntry } from '../entry.ts';
import type { Grantee, PullPart } from '../grant.ts';
import { unsayable, WHOLE } from './condition.ts';
import { roleKey, tokenKey, tokenName, TOKENS, type RoleContent, type TokenContent } from './entry-content.ts';
import { isAbac } from './registry.ts';

type Why = Pick<Shortfall, 'state' | 'message' | 'hint'>;

/** Azure's limit for the description of a scope map, in which it stands where the password is. */
const MOST_PLACE = 140;

export const acrWanted: WantedEntries = (request) => {
  const shortfalls: Shortfall[] = [];
  const refuse = (why: Why): void => {
    const { grant, site } = request;
    shortfalls.push({ grant: grant.id, target: { backend: site.backend, host: site.host, place: '' }, ...why });
  };
  const patterns = [...new Set(request.parts.flatMap((part) => patternOf(part, request, refuse)))];
  const entries = request.grantees.flatMap((grantee) => entriesFor(grantee, patterns, request, refuse));
  return { entries, shortfalls } satisfies Wanted;
};

function patternOf({ what }: PullPart, { site }: WantedRequest, refuse: (why: Why) => void): string[] {
  if (what.kind === 'namespace') {
    refuse({
      state: 'Unsupported',
      message: `${site.host} has repositories, no namespaces of images`,
      hint: `grant a prefix: ${what.name}/**`,
    });
    return [];
  }
  const problem = unsayable(what.pattern);
  if (problem === undefined) return [what.pattern];
  const prefix = what.pattern.replace(/\*+$/, '');
  refuse({ state: 'Unsupported', message: problem, hint: `grant ${prefix}**, or each repository by its name` });
  return [];
}

function entriesFor(
  grantee: Grantee,
  patterns: readonly string[],
  request: WantedRequest,
  refuse: (why: Why) => void,
): WantedEntry[] {
  if (grantee.kind === 'AzurePrincipal') {
    return patterns.flatMap((pattern) => roleEntry(grantee, pattern, request, refuse));
  }
  if (grantee.kind === 'Robot') return tokenEntry(grantee, patterns, request, refuse);
  refuse({
    state: 'Unsupported',
    message: `${request.site.host} knows principals of Entra ID and tokens of its own, and no ${grantee.kind}`,
    hint: 'name the grantee by azurePrincipal, or by robot: a token that is made for this grant',
  });
  return [];
}

function roleEntry(
  { objectId, principalType }: Extract<Grantee, { kind: 'AzurePrincipal' }>,
  pattern: string,
  { grant, site, survey }: WantedRequest,
  refuse: (why: Why) => void,
): WantedEntry[] {
  const isNarrow = isAbac(survey);
  if (!isNarrow && pattern !== WHOLE) {
    refuse({
      state: 'Unsupported',
      message: `${site.host} gives roles for all of its repositories only, not for ${pattern}: its mode is LegacyRegistryPermissions`,
      hint: 'switch it to ABAC (az acr update --role-assignment-mode rbac-abac), or name a robot: a token can be limited',
    });
    return [];
  }
  const content = {
    kind: 'role',
    role: isNarrow ? 'Repository Reader' : 'AcrPull',
    principalId: objectId.toLowerCase(),
    principalType,
    pattern,
  } satisfies RoleContent;
  return [
    {
      target: { backend: site.backend, host: site.host, place: '' },
      key: roleKey(content),
      content,
      grants: [grant.id],
      ...overbroad(pattern, site.host),
    },
  ];
}

function tokenEntry(
  { name, secret }: Extract<Grantee, { kind: 'Robot' }>,
  patterns: readonly string[],
  { grant, site, instance }: WantedRequest,
  refuse: (why: Why) => void,
): WantedEntry[] {
  if (patterns.length === 0) return [];
  if (secret === undefined) {
    refuse({
      state: 'Unsupported',
      message: `there is nowhere to keep the password of the token for ${name}: ${site.host} tells it only once`,
      hint: 'give the robot a secret: {cluster, namespace, name}',
    });
    return [];
  }
  if (`${secret.cluster}/${secret.namespace}/${secret.name}`.length > MOST_PLACE) {
    refuse({
      state: 'Unsupported',
      message: `the name of the Secret for ${name} is longer than the description of a scope map`,
      hint: 'give the Secret a shorter name',
    });
    return [];
  }
  // never later than declared
  const endsAt =
    grant.expiresAt === undefined ? undefined : new Date(Math.floor(grant.expiresAt.getTime() / 1000) * 1000);
  const token = tokenName(grant.id, name, instance);
  const content = {
    kind: 'token',
    token,
    actions: patterns.flatMap(actionsOf).toSorted(),
    status: 'enabled',
    secret,
    isKept: true,
    ...(endsAt === undefined ? {} : { endsAt: endsAt.toISOString() }),
  } satisfies TokenContent;
  return [
    {
      target: { backend: site.backend, host: site.host, place: TOKENS },
      key: tokenKey(token),
      content,
      grants: [grant.id],
      ...(endsAt === undefined ? {} : { endsAt }),
      ...(patterns.includes(WHOLE) ? overbroad(WHOLE, site.host) : {}),
    },
  ];
}

/** https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions */
function actionsOf(pattern: string): string[] {
  const repository = pattern.replace(/\*\*$/, '*');
  return [`repositories/${repository}/content/read`, `repositories/${repository}/metadata/read`];
}

function overbroad(pattern: string, host: string): { overbroad?: string } {
  return pattern === WHOLE ? { overbroad: `every repository of ${host}` } : {};
}
