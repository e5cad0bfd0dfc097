// What functions call because their configuration says so: a table with a row for each function, of parts that are told in the other files
// here. A function without a row needs nothing of it.
import type { Config } from '../../../../shared/config/config.ts';
import type { AwsFunctionName } from '../functions.ts';
import { describeCalls, eksClusters } from './cluster-calls.ts';
import { copyCalls, issueCalls, planCalls, sweepCalls } from './ecr-calls.ts';
import { readGrantCalls, writeGrantCalls } from './grant-calls.ts';
import { assumeCalls, registryRoles } from './role-calls.ts';
import { secretCalls } from './secret-calls.ts';
import type { Statement } from './statement.ts';

type Reach = {
  /** At registries of ECR. */
  calls?: (config: Config) => Statement[];
  /** Registries that it logs in to. */
  registries?: (config: Config) => readonly string[];
  /** Clusters that it logs in to: all, or the one of this name. */
  clusters?: 'all' | ((config: Config) => string | undefined);
  /** The parts of the configuration whose secrets it reads. */
  secrets?: (config: Config) => unknown;
};

const ruleHosts = ({ rules }: Config): string[] =>
  rules.flatMap(({ from, to }) => [from.registry, ...to.map(({ registry }) => registry)]);
const grantHosts = ({ grants }: Config): string[] => grants.flatMap(({ what }) => what.map(({ registry }) => registry));
const credentialHosts = ({ credentials }: Config): string[] => credentials.flatMap(({ registries }) => registries);
const allHosts = (config: Config): string[] => [
  ...config.registries.map(({ host }) => host),
  ...ruleHosts(config),
  ...grantHosts(config),
  ...credentialHosts(config),
];

const REACH: Readonly<Partial<Record<AwsFunctionName, Reach>>> = {
  'registry-push': { secrets: ({ receivers, masterKey }) => [receivers, masterKey] },
  'namespace-created': { secrets: ({ masterKey }) => masterKey },
  'registry-token': {
    clusters: ({ tokenEndpoint }) => tokenEndpoint?.cluster,
    secrets: ({ tokenEndpoint, clusters }) => [
      tokenEndpoint?.keys,
      clusters.filter(({ name }) => name === tokenEndpoint?.cluster),
    ],
  },
  'http-api': {
    calls: (config) => [...planCalls(config), ...readGrantCalls(config)],
    registries: allHosts,
    clusters: 'all',
    secrets: ({ registries, clusters }) => [registries, clusters],
  },
  'mirror-image': { calls: copyCalls, registries: ruleHosts, secrets: ({ registries }) => registries },
  'sync-mirrors': { calls: sweepCalls, registries: ruleHosts, secrets: ({ registries }) => registries },
  'refresh-credentials': {
    calls: issueCalls,
    registries: credentialHosts,
    clusters: 'all',
    secrets: ({ registries, clusters }) => [registries, clusters],
  },
  'reconcile-grants': {
    calls: writeGrantCalls,
    registries: grantHosts,
    clusters: 'all',
    secrets: ({ registries, clusters }) => [registries, clusters],
  },
  'give-access': {
    calls: issueCalls,
    registries: credentialHosts,
    clusters: 'all',
    secrets: ({ registries, clusters }) => [registries, clusters],
  },
};

/** Statements in a fixed order, the same for the same configuration. */
export function configCalls(name: AwsFunctionName, config: Config): Statement[] {
  const { calls, registries, clusters, secrets } = REACH[name] ?? {};
  const reached = reachedClusters(clusters, config);
  const roles = [
    ...registryRoles(registries?.(config) ?? [], config),
    ...reached.flatMap(({ roleArn }) => roleArn ?? []),
  ];
  return [
    ...(calls?.(config) ?? []),
    ...describeCalls(reached),
    ...assumeCalls(roles),
    ...secretCalls(secrets?.(config)),
  ];
}

/** Whose roles need an access entry in the clusters of EKS. */
export function reachesClusters(name: AwsFunctionName): boolean {
  return REACH[name]?.clusters !== undefined;
}

function reachedClusters(clusters: Reach['clusters'], config: Config) {
  if (clusters === undefined) return [];
  if (clusters === 'all') return eksClusters(config);
  const name = clusters(config);
  return name === undefined ? [] : eksClusters(config, name);
}
