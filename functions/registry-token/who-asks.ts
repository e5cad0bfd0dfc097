// Whose token a client shows as its password: the API server of the cluster says so of its own, the keys of a configured issuer of theirs.
// Answers are good for some seconds.
import type { TokenEndpointConfig } from '../../shared/config/config.ts';
import { reviewToken } from '../../shared/cluster/token-review.ts';
import { createSigningKeys, type FetchJson } from '../../shared/events/signing-keys.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';
import type { Deps } from '../deps.ts';
import type { Asker } from './asker.ts';
import { inTime, KEEP_MS } from './in-time.ts';
import { shortMemory } from './short-memory.ts';

type WhoDeps = Pick<Deps, 'clock' | 'clusters'> & { fetchJson: FetchJson };

/** @throws TransshipError as `Cluster.send` does; connection-failed where the keys of an issuer cannot be had */
export type WhoAsks = (endpoint: TokenEndpointConfig, password: Secret) => Promise<Asker>;

export function whoAsks({ clock, clusters, fetchJson }: WhoDeps): WhoAsks {
  const nowMs = (): number => clock.now().getTime();
  const keys = createSigningKeys(fetchJson, nowMs);
  const memory = shortMemory<Asker>({ keepMs: KEEP_MS, nowMs });

  async function byCluster({ cluster: name, service, audiences }: TokenEndpointConfig, token: Secret): Promise<Asker> {
    const question = { token, audiences: [service, ...audiences] };
    const answer = await inTime(name, async (signal) => reviewToken(await clusters().get(name), question, { signal }));
    if (answer.owner === undefined) return { why: answer.why };
    const { user, groups, extra, uid } = answer.owner;
    return { puller: { user, groups, extra, ...(uid !== undefined && { uid }) } };
  }

  return (endpoint, password) => {
    const { cluster, service, audiences, oidc } = endpoint;
    const key = JSON.stringify([cluster, service, audiences, oidc, password.digest().toString('base64')]);
    return memory(key, async () => {
      if (endpoint.oidc.length === 0) return byCluster(endpoint, password);
      // its library takes long to load, and most need it only to sign
      const { oidcAsker } = await import('./oidc-asker.ts');
      return (await oidcAsker(endpoint, password, keys, clock.now())) ?? byCluster(endpoint, password);
    });
  };
}
