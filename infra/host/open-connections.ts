// Everything beyond this process that work is done with: registries, clusters, and who issues the credentials that clusters get. What
// only the distribution of credentials needs is loaded where the configuration has clusters.
import { isPublicOnly } from '../../functions/http-api/reachable-registry.ts';
import { withoutClusters } from '../../functions/without-clusters.ts';
import type { Config } from '../../shared/config/config.ts';
import type { BackendSurroundings, OpenBackends } from '../../shared/grants/open-backends.ts';
import { mirroredRepository } from '../../shared/mirror/mirrored-repository.ts';
import {
  openConfiguredRegistries,
  type ConfiguredRegistriesOptions,
} from '../../shared/registries/configured-registries.ts';
import type { ProbeImage } from '../../shared/registries/configured-probe.ts';
import type { RequestServiceAccountToken } from '../../shared/registries/service-account-issuer.ts';
import type { Connections } from './connections.ts';
import { openClusters, type OpenClusters } from './open-clusters.ts';

/** Nothing is asked before it is needed; the caller closes them. @throws TransshipError invalid-config, invalid-credential-file */
export async function openConnections(
  config: Config,
  surroundings: Omit<ConfiguredRegistriesOptions, 'isPublicOnly' | 'requestServiceAccountToken'>,
): Promise<Connections> {
  const { env, readSecret, userAgent = '' } = surroundings;
  const clusters = openClusters(config, { env, readSecret, userAgent });
  const options = {
    ...surroundings,
    isPublicOnly: (host: string) => isPublicOnly(host, config),
    requestServiceAccountToken: tokenRequests(clusters),
  };
  const registries = openConfiguredRegistries(config.registries, options);
  const grants = grantBackends(config, { ...options, clusterOf: (name) => clusters.get(name) });
  return {
    registries,
    clusters,
    grantBackends: grants.backendFor,
    ...(await issuing(config, options)),
    probeImage: imageProbe(config, options),
    async close() {
      await Promise.all([registries.close(), grants.close().then(() => clusters.close())]);
    },
  };
}

async function issuing(
  { clusters, registries, rules }: Config,
  options: ConfiguredRegistriesOptions,
): Promise<Pick<Connections, 'issuers' | 'probePull'>> {
  if (clusters.length === 0) {
    const { issuers, probePull } = withoutClusters();
    return { issuers: issuers(), probePull: probePull() };
  }
  const [{ openIssuers }, { openPullProbe }] = await Promise.all([
    import('../../shared/registries/configured-issuers.ts'),
    import('../../shared/registries/configured-probe.ts'),
  ]);
  const { authfile: _, ...probeOptions } = options;
  const repositoryOf = (registry: string) => {
    const repository = mirroredRepository(rules, registry);
    return repository === undefined ? undefined : { repository };
  };
  return {
    issuers: openIssuers(registries, options),
    probePull: openPullProbe(registries, { ...probeOptions, repositoryOf }),
  };
}

/** Loaded when somebody asks who may pull. */
function imageProbe({ registries }: Config, options: ConfiguredRegistriesOptions): ProbeImage {
  const { authfile: _, ...probeOptions } = options;
  return async (image, credential, signal) => {
    const { openImageProbe } = await import('../../shared/registries/configured-probe.ts');
    return openImageProbe(registries, probeOptions)(image, credential, signal);
  };
}

/** What there is for grants is loaded when the first one asks for it. */
function grantBackends(config: Config, surroundings: BackendSurroundings): OpenBackends {
  let opening: Promise<OpenBackends> | undefined;
  const load = async (): Promise<OpenBackends> => {
    const { openBackends } = await import('../../shared/grants/open-backends.ts');
    return openBackends(config, surroundings);
  };
  return {
    async backendFor(site) {
      opening ??= load();
      return (await opening).backendFor(site);
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

function tokenRequests(clusters: OpenClusters): RequestServiceAccountToken {
  return async (name, namespace, serviceAccount, audience) => {
    const { requestServiceAccountToken } = await import('../../shared/cluster/service-account-token.ts');
    const audiences = audience === undefined ? {} : { audiences: [audience] };
    const cluster = await clusters.get(name);
    const issued = await requestServiceAccountToken(cluster, { namespace, serviceAccount, ...audiences });
    return { ...issued, clockAt: cluster.now() };
  };
}
