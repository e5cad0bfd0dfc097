// The token endpoint with what it says by name: its registry, and the cluster that decides over it.
import { profileAt } from '../grants/pull-profiles.ts';
import type { Config, TokenEndpointConfig } from './config.ts';
import { hostNamed, hostOfNames } from './host-of-names.ts';
import type { ConfigFile } from './schema/schema.ts';
import { parseDuration } from './units.ts';

type Place = Pick<TokenEndpointConfig, 'registry' | 'cluster' | 'profile'>;

/** Nothing where there is no endpoint, or none of the clusters names its registry: then that was told as a problem. */
export function toTokenEndpoint(file: ConfigFile): Pick<Config, 'tokenEndpoint'> {
  const { tokenEndpoint } = file;
  const [place] = tokenEndpoint === undefined ? [] : tokenPlaces(file, tokenEndpoint.registry);
  if (tokenEndpoint === undefined || place === undefined) return {};
  const {
    issuer,
    service,
    keys,
    anonymous = { pull: [] },
    audiences = [],
    oidc,
    sendCertificate,
    life,
  } = tokenEndpoint;
  const settings = { issuer, service, anonymous, audiences, oidc, sendCertificate, lifeMs: parseDuration(life) };
  return { tokenEndpoint: { ...place, ...settings, ...(keys === undefined ? {} : { keys }) } };
}

/** The registries of clusters, or only those of this host. */
export function tokenPlaces({ clusters, registries: known }: ConfigFile, host: string | undefined): Place[] {
  const names = hostOfNames({ registries: known });
  const wanted = host === undefined ? undefined : hostNamed(names, host);
  return clusters.flatMap(({ name: cluster, registries = {} }) =>
    Object.entries(registries).flatMap(([key, profile]) => {
      const registry = hostNamed(names, key);
      return wanted === undefined || wanted === registry ? [{ registry, cluster, profile: profileAt(profile) }] : [];
    }),
  );
}
