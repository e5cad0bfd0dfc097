// Opens a cluster of the configuration: which way it is reached, and by which limits.
import type { ClusterConfig, SecretReference } from '../config/config.ts';
import { Secret } from '../telemetry/secret.ts';
import { createApiClient } from './api-client.ts';
import { connectToCloud, type CloudLogins } from './cloud-login.ts';
import type { Cluster } from './cluster.ts';
import type { Connect, Connection } from './connection.ts';
import { EXCHANGE_LIMITS, type ExchangeLimits } from './exchange.ts';
import { connectInCluster, SERVICE_ACCOUNT_FOLDER } from './in-cluster.ts';
import { connectByKubeconfig } from './kubeconfig-connection.ts';
import { pacingLimits } from './pacing.ts';
import { RETRIES, type RetryPolicy } from './retry-after.ts';
import { readServer } from './server-address.ts';

export type OpenClusterOptions = {
  env: NodeJS.ProcessEnv;
  /** Sent with each request: `transship/1.2.3`. */
  userAgent: string;
  /** @throws TransshipError invalid-config */
  readSecret: (reference: SecretReference) => Promise<Secret>;
  logins?: CloudLogins;
  /** The proxy for an address by the environment. A `proxy-url` in a kubeconfig goes before it. */
  proxyFor?: (url: URL) => string | undefined;
  now?: () => Date;
  /** 0 to 1. */
  random?: () => number;
  limits?: Partial<ExchangeLimits>;
  retries?: Partial<RetryPolicy>;
  /** Where the files of a Pod's ServiceAccount are. */
  serviceAccountFolder?: string;
};

/**
 * Reads what its configuration names, but asks neither the cluster nor a cloud: they may be away for now.
 * @throws TransshipError invalid-config
 */
export async function openCluster(config: ClusterConfig, options: OpenClusterOptions): Promise<Cluster> {
  const closing = new AbortController();
  const connect = waysTo(config, options, closing.signal);
  const isLocal = 'kubeconfig' in config || 'inCluster' in config;
  let first: Connection | undefined = isLocal ? await connect() : undefined;
  const client = createApiClient({
    name: config.name,
    async connect() {
      const connection = first ?? (await connect());
      first = undefined;
      return connection;
    },
    pacing: pacingLimits(config.limits),
    limits: { ...EXCHANGE_LIMITS, ...options.limits },
    retries: { ...RETRIES, ...options.retries },
    userAgent: options.userAgent,
    proxyFor: options.proxyFor ?? (() => undefined),
    now: options.now ?? (() => new Date()),
    random: options.random ?? Math.random,
  });
  return {
    ...client,
    async close() {
      // a login program that hangs would keep the process
      closing.abort();
      await client.close();
    },
  };
}

function waysTo(config: ClusterConfig, options: OpenClusterOptions, signal: AbortSignal): Connect {
  const { name } = config;
  const { env, logins = {}, now = () => new Date(), serviceAccountFolder: folder = SERVICE_ACCOUNT_FOLDER } = options;
  if ('kubeconfig' in config) {
    return () => connectByKubeconfig({ cluster: name, ...config.kubeconfig }, { env, now, signal });
  }
  if ('inCluster' in config) return () => connectInCluster(name, { env, folder });
  if ('eks' in config) return () => connectToCloud(name, logins.eks?.(config.eks), now);
  if ('gke' in config) return () => connectToCloud(name, logins.gke?.(config.gke), now);
  if ('aks' in config) return () => connectToCloud(name, logins.aks?.(config.aks), now);
  const { server, token, ca } = config;
  return async () => {
    return {
      server: readServer(server, { cluster: name }),
      ...(ca !== undefined && { certificateAuthorities: await authorities(ca, options) }),
      identity: async () => ({ authorization: new Secret(`Bearer ${(await options.readSecret(token)).reveal()}`) }),
      forget: () => undefined,
      hint: 'the token of this cluster in the configuration is not, or no longer, one that it knows: make a new one',
    };
  };
}

/** Beside those that the system trusts. */
async function authorities(ca: SecretReference, { readSecret }: OpenClusterOptions): Promise<string[]> {
  const { getCACertificates } = process.getBuiltinModule('node:tls');
  return [...getCACertificates('default'), (await readSecret(ca)).reveal()];
}
