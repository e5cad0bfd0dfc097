// The clusters of a configuration, opened when somebody first asks for one: most servers have none, and the way to one is long to load.
import type { Clusters } from '../../functions/deps.ts';
import type { Cluster } from '../../shared/cluster/cluster.ts';
import type { Config, SecretReference } from '../../shared/config/config.ts';
import { TransshipError } from '../../shared/errors.ts';
import type { Secret } from '../../shared/telemetry/secret.ts';

export type ClusterSurroundings = {
  env: NodeJS.ProcessEnv;
  /** @throws TransshipError invalid-config */
  readSecret: (reference: SecretReference) => Promise<Secret>;
  /** Sent with each request. */
  userAgent: string;
};

export type OpenClusters = Clusters & { close(): Promise<void> };

export function openClusters(
  { clusters: configured }: Pick<Config, 'clusters'>,
  surroundings: ClusterSurroundings,
): OpenClusters {
  const opened = new Map<string, Promise<Cluster>>();

  async function open(name: string): Promise<Cluster> {
    const config = configured.find((one) => one.name === name);
    if (config === undefined) throw unknown(name);
    const [{ openCluster }, { cloudLogins }, { proxyFor }] = await Promise.all([
      import('../../shared/cluster/open-cluster.ts'),
      import('./cloud-logins.ts'),
      import('../../shared/oci/http/proxy.ts'),
    ]);
    return openCluster(config, {
      ...surroundings,
      logins: cloudLogins(surroundings),
      proxyFor: (url) => proxyFor(url, surroundings.env),
    });
  }

  return {
    names: configured.map(({ name }) => name),
    get(name) {
      const known = opened.get(name);
      if (known !== undefined) return known;
      const opening = open(name);
      opened.set(name, opening);
      // what could not be read may be there the next time
      opening.catch(() => opened.delete(name));
      return opening;
    },
    async close() {
      const all = [...opened.values()];
      opened.clear();
      await Promise.all(all.map((opening) => opening.then((cluster) => cluster.close()).catch(() => undefined)));
    },
  };
}

function unknown(name: string): TransshipError {
  return new TransshipError('invalid-config', `there is no cluster ${name}`, {
    hint: 'name it under clusters: in the configuration',
  });
}
