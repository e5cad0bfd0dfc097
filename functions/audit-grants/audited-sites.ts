// Which clusters and registries an audit looks at: those of the configuration, or the ones that somebody names.
import type { Config } from '../../shared/config/config.ts';
import { TransshipError } from '../../shared/errors.ts';
import type { Site } from '../../shared/grants/site.ts';
import { sitesOf, type Sites } from '../../shared/grants/sites.ts';
import { printable } from '../../shared/telemetry/printable.ts';
import { registryNames } from '../registry-names.ts';

export type AuditScope = { cluster?: string | undefined; registry?: string | undefined };

type Known = Pick<Config, 'registries' | 'clusters' | 'grants' | 'rules' | 'credentials'>;

/** Clusters first; with a registry, the profile of that one only. @throws TransshipError invalid-usage where there is nothing to look at */
export function auditedSites(config: Known, { cluster, registry }: AuditScope): Site[] {
  if (cluster !== undefined && config.clusters.every(({ name }) => name !== cluster)) {
    throw new TransshipError('invalid-usage', `there is no cluster "${printable(cluster, 60)}"`, {
      hint: `the clusters are: ${config.clusters.map(({ name }) => name).join(', ') || 'none'}`,
    });
  }
  const sites = sitesOf(config);
  const clusters = config.clusters.filter(({ name }) => cluster === undefined || name === cluster);
  const inside = clusters
    .map(({ name }) => clusterSite(sites, name, registry === undefined ? undefined : registryNames(registry, config)))
    .filter(({ profiles }) => profiles.size > 0);
  const own = cluster === undefined ? registrySites(config, sites, registry) : [];
  const found = [...inside, ...own];
  if (found.length > 0) return found;
  throw new TransshipError(
    'invalid-usage',
    `${nothingAt({ cluster, registry })} has no means for grants that could be looked at`,
    {
      hint: 'list the registries that ask a cluster under clusters[].registries, with their profile',
    },
  );
}

function clusterSite(sites: Sites, cluster: string, names: readonly string[] | undefined): Site {
  const site = sites.ofCluster(cluster);
  if (names === undefined) return site;
  const profiles = names.flatMap((name) => {
    const profile = sites.profileOf(name, cluster);
    return profile === undefined ? [] : [[name, profile] as const];
  });
  return { ...site, profiles: new Map(profiles) };
}

function registrySites(config: Known, sites: Sites, registry: string | undefined): Site[] {
  const named = registry === undefined ? hostsOf(config) : [registry];
  const hosts = new Set(named.map((name) => registryNames(name, config)[0]));
  return [...hosts].toSorted().flatMap((host) => {
    const site = sites.ofRegistry(host);
    return site.backend === 'none' ? [] : [site];
  });
}

/** What mirrors only read from is others' own. */
function hostsOf({ registries, grants, rules, credentials }: Known): string[] {
  return [
    ...registries.map(({ host }) => host),
    ...grants.flatMap(({ what }) => what.map((part) => part.registry)),
    ...rules.flatMap(({ to }) => to.map((target) => target.registry)),
    ...credentials.flatMap((rule) => rule.registries),
  ];
}

function nothingAt({ cluster, registry }: AuditScope): string {
  if (registry !== undefined) return printable(registry, 100);
  return cluster === undefined ? 'nothing in the configuration' : `cluster ${cluster}`;
}
