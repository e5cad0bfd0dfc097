// Which sites a run has to do with: those that grants may mean, and those where something of ours is known to stand.
import type { PullGrant, PullPart } from '../grant.ts';
import type { GrantsRun } from '../grants-run.ts';
import type { EntryRecord, GrantsState } from '../grants-state.ts';
import { routesOf } from '../routes.ts';
import { siteKey, type Site, type Target } from '../site.ts';
import { sitesOf, type Sites } from '../sites.ts';
import { isInScope } from './scope.ts';

export type MeantSite = {
  site: Site;
  /** What grants want there. */
  parts: readonly PullPart[];
  /** Whole, those that want something there. */
  grants: readonly PullGrant[];
  /** Somebody is to be asked there; otherwise it is known for what is said of it only. */
  isVisited: boolean;
};

type Meant = Pick<GrantsRun, 'config' | 'only'> & { desired: readonly PullGrant[]; state: GrantsState };

/** Each once, in the order of their keys. */
export function meantSites({ config, only, desired, state }: Meant): MeantSite[] {
  const known = [...state.entries.values()].filter(isUnfinished);
  const isOne = (grants: readonly string[]): boolean => isInScope(only === undefined ? {} : { only }, grants);
  const sites = possibleSites(
    sitesOf(config),
    config.clusters.map(({ name }) => name),
    desired,
    known,
  );
  const seen = sites.map((site) => ({ site, survey: {} }));
  const routes = desired.flatMap((grant) => routesOf(grant, seen).routes.map((route) => ({ grant, route })));
  return sites.map((site) => {
    const here = routes.filter(({ route }) => siteKey(route.at.site) === siteKey(site));
    const grants = [...new Set(here.map(({ grant }) => grant))];
    const isVisited =
      (isOne(grants.map(({ id }) => id)) && grants.length > 0) ||
      known.some((entry) => siteKey(entry.target) === siteKey(site) && isOne(entry.grants));
    return {
      site,
      parts: here.flatMap(({ route }) => route.parts),
      grants,
      isVisited: isVisited && site.backend !== 'none',
    };
  });
}

/** Something with our mark stands there, may stand there, or is not proven to be gone. */
function isUnfinished({ content, intended, removed, isUnknown }: EntryRecord): boolean {
  return content !== undefined || intended !== undefined || removed !== undefined || isUnknown === true;
}

function possibleSites(
  sites: Sites,
  clusters: readonly string[],
  desired: readonly PullGrant[],
  known: readonly EntryRecord[],
): Site[] {
  const hosts = [...new Set(desired.flatMap(({ what }) => what.map(({ registry }) => registry)))];
  const found = new Map<string, Site>();
  const add = (site: Site): void => {
    const key = siteKey(site);
    const profiles = [...(found.get(key)?.profiles ?? []), ...site.profiles];
    found.set(key, { ...site, profiles: new Map(profiles) });
  };
  for (const host of hosts) {
    add(sites.ofRegistry(host));
    for (const cluster of clusters) {
      const profile = sites.profileOf(host, cluster);
      if (profile !== undefined) add({ ...sites.ofCluster(cluster), profiles: new Map([[host, profile]]) });
    }
  }
  for (const { target } of known) add(siteOf(sites, target));
  return [...found].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, site]) => site);
}

/** As it was when something was written there, also where the configuration says something else by now. */
function siteOf(sites: Sites, { backend, host }: Target): Site {
  const site = backend === 'kubernetes' ? sites.ofCluster(host) : sites.ofRegistry(host);
  return { ...site, backend };
}
