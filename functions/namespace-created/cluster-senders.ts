// Who may tell us of a cluster: its API server, and what its events come through. They prove themselves by the token in the path, which
// follows from the master key, or by a client certificate where the address asks for one.
//
//   /k8s/<admission|events>/<cluster>/<token>     which cluster it is, the path tells: an API server takes no query in a webhook's URL
//   /k8s/<admission|events>/<token>               the token alone tells as well
//   /k8s/<admission|events>[/<cluster>]           with a certificate; without a name where there is one cluster only
//
import type { Config } from '../../shared/config/config.ts';
import { pathToken } from '../../shared/events/path-token.ts';
import { isEqualSecret } from '../../shared/events/shared-secret.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';

export type ClusterSenders = {
  /** The cluster that a request is about; undefined for a sender that proves nothing, or speaks for no cluster of the configuration. */
  find(claim: SenderClaim): string | undefined;
  /** The last part of the addresses of a cluster; undefined for one that is not configured. */
  pathTokenOf(cluster: string): string | undefined;
};

type SenderClaim = {
  /** What stands behind `/k8s/<kind>`, at most two parts. */
  parts: readonly string[];
  /** It showed a certificate of the configured authority, at an address that takes nobody without. */
  isCertified: boolean;
};

/** No receiver has this in its name, so that none has the token of a cluster. */
const PREFIX = 'k8s/';
const GENERATION = 1;

export function openClusterSenders({ clusters }: Pick<Config, 'clusters'>, masterKey: Secret): ClusterSenders {
  const names = clusters.map(({ name }) => name);
  const tokens = new Map(names.map((name) => [name, pathToken(masterKey, `${PREFIX}${name}`, GENERATION)]));

  /** All are compared in any case, so that the time tells nothing. */
  function ownerOf(token: string): string | undefined {
    let owner: string | undefined;
    for (const [name, expected] of tokens) if (isEqualSecret(token, expected)) owner = name;
    return owner;
  }

  return {
    find({ parts, isCertified }) {
      const [first, second] = parts;
      if (isCertified && second === undefined) {
        const named = first === undefined ? names[0] : names.find((name) => name === first);
        if (first !== undefined || names.length === 1) return named;
      }
      const owner = ownerOf(second ?? first ?? '');
      return second === undefined || first === owner ? owner : undefined;
    },
    pathTokenOf: (cluster) => tokens.get(cluster),
  };
}
