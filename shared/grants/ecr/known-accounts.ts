// The accounts of AWS that a configuration names, by its registries and by the roles it assumes: no strangers.
import type { Config } from '../../config/config.ts';
import { parseEcrHost } from '../../registries/ecr-host.ts';

export function knownAwsAccounts({ registries, clusters }: Pick<Config, 'registries' | 'clusters'>): string[] {
  const hosts = registries.flatMap(({ host, aliases }) => [host, ...aliases]);
  const roles = [
    ...registries.map(({ credential }) =>
      typeof credential === 'object' && 'aws' in credential ? credential.aws.roleArn : undefined,
    ),
    ...clusters.map((cluster) => ('eks' in cluster ? cluster.eks?.roleArn : undefined)),
  ];
  const accounts = [
    ...hosts.map((host) => parseEcrHost(host)?.account),
    ...roles.map((role) => /^arn:[^:]+:iam::(\d{12}):/.exec(role ?? '')?.[1]),
  ];
  return [...new Set(accounts.filter((one) => one !== undefined))].toSorted();
}
