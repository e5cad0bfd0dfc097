// Which site decides over the pulls of a registry: a cluster for the registries inside of it, else the registry by its own means.
import type { Config } from '../config/config.ts';
import { parseRepository } from '../oci/reference.ts';
import { vendorOf } from '../registries/vendors.ts';
import type { PullProfile } from './pull-profile.ts';
import { PULL_PROFILES, profileAt } from './pull-profiles.ts';
import type { BackendKind, Site } from './site.ts';

/** By the kind of the vendor; all others have no means of their own. */
const BACKENDS: Readonly<Record<string, BackendKind>> = {
  ecr: 'ecr',
  'artifact-registry': 'artifact-registry',
  acr: 'acr',
  harbor: 'harbor',
  quay: 'quay',
  gitlab: 'gitlab',
  ghcr: 'ghcr',
};

type Known = Pick<Config, 'registries' | 'clusters' | 'grants'>;
type Registries = Pick<Config, 'registries'>;

/** The sites of a configuration. */
export type Sites = {
  /** By its own means; `none` where it has none, or a cluster decides. */
  ofRegistry(host: string): Site;
  /** A cluster with the profiles of all registries that ask it. */
  ofCluster(name: string): Site;
  /** How a registry asks this cluster; undefined where it does not. */
  profileOf(host: string, cluster: string): PullProfile | undefined;
};

export function sitesOf(config: Known): Sites {
  const profiles = new Map(config.clusters.map(({ name }) => [name, profilesOf(config, name)]));
  const none: ReadonlyMap<string, PullProfile> = new Map();
  return {
    ofRegistry: (host) => ({ backend: BACKENDS[kindOf(config, host)] ?? 'none', host, profiles: none }),
    ofCluster: (name) => ({ backend: 'kubernetes', host: name, profiles: profiles.get(name) ?? none }),
    profileOf: (host, cluster) => profiles.get(cluster)?.get(host) ?? insideProfile(config, host),
  };
}

function profilesOf({ clusters, registries, grants }: Known, cluster: string): ReadonlyMap<string, PullProfile> {
  const named = clusters.find(({ name }) => name === cluster)?.registries ?? {};
  const hosts = [
    ...registries.map(({ host }) => host),
    ...grants.flatMap(({ what }) => what.map((part) => part.registry)),
  ];
  const inside = [...new Set(hosts)].flatMap((host) => {
    const profile = insideProfile({ registries }, host);
    return profile === undefined ? [] : [[host, profile] as const];
  });
  const own = Object.entries(named).map(
    ([key, profile]) => [parseRepository(`${key}/x`).registry, profileAt(profile)] as const,
  );
  return new Map([...inside, ...own]);
}

/** Of a registry that every cluster of its platform has under the same name. */
function insideProfile(config: Registries, host: string): PullProfile | undefined {
  const kind = kindOf(config, host);
  return Object.entries(PULL_PROFILES).find(([name]) => name === kind)?.[1];
}

function kindOf({ registries }: Registries, host: string): string {
  return vendorOf(host, registries.find((one) => one.host === host)?.kind).kind;
}
