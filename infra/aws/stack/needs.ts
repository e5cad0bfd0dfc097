// What a configuration needs of others, in its own words, for whoever checks a deployment: secrets that must be there, roles that must
// trust ours, clusters that must let ours in.
import type { Config } from '../../../shared/config/config.ts';
import { eksClusters } from './calls/cluster-calls.ts';
import { reachesClusters } from './calls/config-calls.ts';
import { registryRoles } from './calls/role-calls.ts';
import { secretsIn } from './calls/secret-calls.ts';
import { AWS_FUNCTIONS } from './functions.ts';

export type AwsNeeds = {
  /** Ids of Secrets Manager. */
  secrets: readonly string[];
  /** Names of Systems Manager. */
  parameters: readonly string[];
  /** ARNs. */
  roles: readonly string[];
  eksClusters: readonly { region: string; cluster: string; roleArn?: string | undefined }[];
  /** Functions whose role logs in to clusters. */
  clusterFunctions: readonly string[];
};

export function needsOf(config: Config): AwsNeeds {
  const clusters = eksClusters(config);
  const roles = [
    ...registryRoles(
      config.registries.map(({ host }) => host),
      config,
    ),
    ...clusters.flatMap(({ roleArn }) => roleArn ?? []),
  ];
  return {
    ...secretsIn(config),
    roles: [...new Set(roles)].toSorted(),
    eksClusters: clusters.map(({ region, cluster, roleArn }) => ({ region, cluster, roleArn })),
    clusterFunctions: AWS_FUNCTIONS.map(({ name }) => name).filter(reachesClusters),
  };
}
