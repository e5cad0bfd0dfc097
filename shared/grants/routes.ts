// Which site decides over which part of a grant for whom. Accounts of one cluster mean nothing to another, nor to a registry that does not
// ask their cluster.
import type { Grantee, PullGrant, PullPart } from './grant.ts';
import { granteeText } from './grantee-text.ts';
import type { ObservedSite } from './observed-grants.ts';

export type Route = { at: ObservedSite; parts: readonly PullPart[]; grantees: readonly Grantee[] };

/** A grantee to whom a registry cannot give anything, and why. */
export type Unrouted = {
  part: PullPart;
  grantee: Grantee;
  state: 'Unsupported' | 'Blocked';
  message: string;
  hint?: string;
};

export function routesOf(grant: PullGrant, sites: readonly ObservedSite[]): { routes: Route[]; unrouted: Unrouted[] } {
  const routes = sites.flatMap((at): Route[] => {
    const parts = grant.what.filter(({ registry }) => decides(at, registry));
    const grantees = grant.grantees.filter((grantee) => means(at, grantee));
    return parts.length === 0 || grantees.length === 0 ? [] : [{ at, parts, grantees }];
  });
  const unrouted = grant.what.flatMap((part) =>
    grant.grantees
      .filter((grantee) => siteFor(sites, part, grantee) === undefined)
      .map((grantee) => ({ part, grantee, ...reasonFor(sites, part, grantee) })),
  );
  return { routes, unrouted };
}

function siteFor(sites: readonly ObservedSite[], part: PullPart, grantee: Grantee): ObservedSite | undefined {
  return sites.find((at) => decides(at, part.registry) && means(at, grantee));
}

function decides({ site }: ObservedSite, registry: string): boolean {
  return site.backend === 'kubernetes' ? site.profiles.has(registry) : site.host === registry;
}

function means({ site }: ObservedSite, grantee: Grantee): boolean {
  const cluster = clusterOf(grantee);
  return site.backend === 'kubernetes' ? cluster === site.host : cluster === undefined && site.backend !== 'none';
}

function clusterOf(grantee: Grantee): string | undefined {
  return 'cluster' in grantee ? grantee.cluster : undefined;
}

function reasonFor(
  sites: readonly ObservedSite[],
  { registry }: PullPart,
  grantee: Grantee,
): Pick<Unrouted, 'state' | 'message' | 'hint'> {
  const there = sites.filter((at) => decides(at, registry)).map(({ site }) => site);
  const inside = there
    .filter(({ backend }) => backend === 'kubernetes')
    .map(({ host }) => host)
    .toSorted();
  const cluster = clusterOf(grantee);
  if (there.length === 0) return { state: 'Blocked', message: `nobody looked at ${registry}` };
  if (inside.length > 0 && cluster === undefined) {
    return {
      state: 'Unsupported',
      message: `${registry} asks cluster ${inside.join(', ')} who may pull, and ${granteeText(grantee)} is nobody there`,
      hint: 'name a ServiceAccount, user or group, and its cluster',
    };
  }
  if (cluster !== undefined) {
    const asks =
      inside.length === 0 ? 'does not ask any cluster' : `asks cluster ${inside.join(', ')}, not ${cluster},`;
    return {
      state: 'Unsupported',
      message: `${registry} ${asks} who may pull: ${granteeText(grantee)} is nobody there`,
      hint: `grant it to what ${registry} knows, or list the registry in \`clusters.${cluster}.registries\``,
    };
  }
  return {
    state: 'Unsupported',
    message: `${registry} has no means to let ${granteeText(grantee)} pull`,
    hint: 'put the token endpoint before it and list it in the `registries` of a cluster',
  };
}
