// A cluster of the tests' API server, opened as a user of it would be by the configuration.
import type { Cluster } from '../../shared/cluster/cluster.ts';
import { openCluster, type OpenClusterOptions } from '../../shared/cluster/open-cluster.ts';
import { Secret } from '../../shared/telemetry/secret.ts';
import type { Kubernetes } from './kubernetes.ts';

export type TestClusterOptions = Partial<OpenClusterOptions> & {
  /** `admin` if absent. */
  user?: string;
  /** In place of a user's. */
  token?: string;
  requestsPerSecond?: number;
  concurrency?: number;
};

/** Its name is `test`. Close it. */
export function openTestCluster(
  { server, ca, tokenOf }: Pick<Kubernetes, 'server' | 'ca' | 'tokenOf'>,
  { user = 'admin', token, requestsPerSecond = 1000, concurrency, ...options }: TestClusterOptions = {},
): Promise<Cluster> {
  const secrets = new Map([
    ['TOKEN', token ?? tokenOf(user)],
    ['CA', ca],
  ]);
  return openCluster(
    {
      name: 'test',
      server,
      token: { env: 'TOKEN' },
      ca: { env: 'CA' },
      limits: { requestsPerSecond, ...(concurrency !== undefined && { concurrency }) },
    },
    {
      env: {},
      userAgent: 'transship/test',
      readSecret: (reference) =>
        Promise.resolve(new Secret(secrets.get('env' in reference ? reference.env : '') ?? '')),
      ...options,
    },
  );
}
