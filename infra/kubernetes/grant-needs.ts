// What the grants of a configuration need in one cluster: which roles are bound, whether Roles are made, in which Namespaces.
import type { Config } from '../../shared/config/config.ts';
import { TransshipError } from '../../shared/errors.ts';
import type { Grantee, PullGrant, PullPart } from '../../shared/grants/grant.ts';
import type { PullProfile } from '../../shared/grants/pull-profile.ts';
import { isExactPattern } from '../../shared/grants/repository-pattern.ts';
import { sitesOf } from '../../shared/grants/sites.ts';

export type GrantNeeds = {
  grants: readonly PullGrant[];
  /** What grants of the API may be about, too. Sorted. */
  clusterRoles: readonly string[];
  /** Of registries that ask for single images, where a grant or a request for access names some. */
  narrowProfiles: readonly PullProfile[];
  /** The token endpoint asks this cluster whose token somebody shows. */
  reviewsTokens: boolean;
  /** Names of the Secrets that keep passwords of robots and tokens, by Namespace. Both sorted. */
  keptSecrets: ReadonlyMap<string, readonly string[]>;
};

/**
 * Undefined: no grant and no token endpoint speaks of the cluster, and it is not said to decide over a registry.
 * @param access requests may come that name images of any registry that the cluster decides over
 */
export function grantNeedsOf(config: Config, cluster: string, { access }: { access: boolean }): GrantNeeds | undefined {
  const { profiles } = sitesOf(config).ofCluster(cluster);
  const grants = config.grants.filter(
    ({ grantees, what }) =>
      grantees.some((one) => isIn(one, cluster)) && what.some(({ registry }) => profiles.has(registry)),
  );
  const named = config.clusters.find(({ name }) => name === cluster)?.registries ?? {};
  const reviewsTokens = config.tokenEndpoint?.cluster === cluster;
  const keptSecrets = keptSecretsIn(config.grants, cluster);
  const isDeciding = Object.keys(named).length > 0 || (access && profiles.size > 0);
  const isMeant = grants.length > 0 || isDeciding || reviewsTokens || keptSecrets.size > 0;
  if (!isMeant) return undefined;
  const ofGrants = grants
    .flatMap(({ what }) => what)
    .filter(isOneImage)
    .flatMap(({ registry }) => profiles.get(registry) ?? []);
  const narrow = [...ofGrants, ...(access ? profiles.values() : [])].filter(({ nameFrom }) => nameFrom === 'image');
  return {
    grants,
    clusterRoles: [...new Set([...profiles.values()].map(({ clusterRole }) => clusterRole))].toSorted(),
    narrowProfiles: [...new Set(narrow)],
    reviewsTokens,
    keptSecrets,
  };
}

function keptSecretsIn(grants: readonly PullGrant[], cluster: string): ReadonlyMap<string, readonly string[]> {
  const places = grants
    .flatMap(({ grantees }) => grantees)
    .flatMap((grantee) => ('secret' in grantee && grantee.secret !== undefined ? [grantee.secret] : []))
    .filter((place) => place.cluster === cluster);
  const byNamespace = [...Map.groupBy(places, ({ namespace }) => namespace)].toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  );
  return new Map(
    byNamespace.map(([namespace, kept]) => [namespace, [...new Set(kept.map(({ name }) => name))].toSorted()]),
  );
}

/**
 * The Namespaces of images that the grants name, where none of them needs to look for more.
 * @throws TransshipError invalid-usage for a selector
 */
export function imageNamespaces({ grants }: GrantNeeds, cluster: string): string[] {
  const names = grants.flatMap(({ id, grantees, what }) => {
    const own = grantees.filter((one) => isIn(one, cluster));
    if (own.every(({ kind }) => kind !== 'NamespaceSelector')) return what.flatMap((part) => namesOf(part, own));
    throw new TransshipError('invalid-usage', `grant ${id} does not name its Namespaces one by one`, {
      hint: 'mode namespaced gives rights in named Namespaces only: write to: [{ namespace: team-a }, { namespace: team-b }]',
    });
  });
  return [...new Set(names)].toSorted();
}

function namesOf({ what }: PullPart, grantees: readonly Grantee[]): string[] {
  if (what.kind === 'repository') return [what.pattern.split('/')[0] ?? ''].filter((name) => !name.includes('*'));
  if (what.name !== '{namespace}') return [what.name];
  return grantees.flatMap((one) => ('namespace' in one ? one.namespace : []));
}

function isOneImage({ what }: PullPart): boolean {
  return what.kind === 'repository' && isExactPattern(what.pattern);
}

function isIn(grantee: Grantee, cluster: string): boolean {
  return 'cluster' in grantee && grantee.cluster === cluster;
}
