// Grants that name a cluster or a registry that is not there, or that leave open which one is meant; and the registry of the token endpoint.
import { PULL_PROFILES } from '../grants/pull-profiles.ts';
import { vendorOf } from '../registries/vendors.ts';
import type { ConfigNode, ConfigPath } from './config-node.ts';
import { dangling } from './dangling.ts';
import { hostNamed, hostOfNames } from './host-of-names.ts';
import { parseHost } from './hosts.ts';
import { problemAt } from './problem-at.ts';
import type { ConfigProblem } from './problem.ts';
import type { ConfigFile } from './schema/schema.ts';
import { isDecidedByCluster } from './to-grants.ts';
import { tokenPlaces } from './to-token-endpoint.ts';

type Found = { problems: ConfigProblem[]; warnings: ConfigProblem[] };
type GrantFile = ConfigFile['grants'][number];
type GranteeFile = Exclude<GrantFile['to'], readonly unknown[]>;

/** Grantees that only a cluster knows. */
const OF_CLUSTERS = ['serviceAccount', 'namespace', 'namespaceSelector'] as const;

export function checkGrants(root: ConfigNode, file: ConfigFile): Found {
  const problems = file.grants.flatMap((grant, index) => [
    ...checkClusters(root, file, grant, ['grants', index]),
    ...checkParts(root, file, grant, ['grants', index]),
  ]);
  return { problems: [...problems, ...checkTokenEndpoint(root, file)], warnings: checkMeans(root, file) };
}

function checkClusters(root: ConfigNode, file: ConfigFile, grant: GrantFile, at: ConfigPath): ConfigProblem[] {
  const grantees = Array.isArray(grant.to)
    ? grant.to.map((grantee, index) => ({ grantee, path: [...at, 'to', index] }))
    : [{ grantee: grant.to, path: [...at, 'to'] }];
  const isOfCluster = grant.pull.some(({ registry }) => isDecidedByCluster(file, hostOf(file, registry)));
  return grantees.flatMap(({ grantee, path }) => [
    ...checkCluster(root, file, {
      path,
      cluster: clusterOf(grantee),
      isNeeded: isKnownToCluster(grantee, isOfCluster),
    }),
    ...('secret' in grantee && grantee.secret !== undefined
      ? checkCluster(root, file, { path: [...path, 'secret'], cluster: grantee.secret.cluster, isNeeded: true })
      : []),
  ]);
}

function clusterOf(grantee: GranteeFile): string | undefined {
  return 'cluster' in grantee ? grantee.cluster : undefined;
}

function isKnownToCluster(grantee: GranteeFile, isOfCluster: boolean): boolean {
  return OF_CLUSTERS.some((form) => form in grantee) || (isOfCluster && ('user' in grantee || 'group' in grantee));
}

function checkCluster(
  root: ConfigNode,
  { clusters }: ConfigFile,
  { path, cluster, isNeeded }: { path: ConfigPath; cluster: string | undefined; isNeeded: boolean },
): ConfigProblem[] {
  const names = clusters.map(({ name }) => name);
  if (cluster !== undefined) {
    return names.includes(cluster) ? [] : [dangling(root, [...path, 'cluster'], cluster, names, { what: 'cluster' })];
  }
  if (!isNeeded || names.length === 1) return [];
  const message = names.length === 0 ? 'this needs a cluster, and there is none' : 'it is not said in which cluster';
  const hint = names.length === 0 ? 'name it under clusters' : `add cluster: one of ${names.join(', ')}`;
  return [problemAt(root, path, { text: '', message, hint })];
}

function checkParts(root: ConfigNode, file: ConfigFile, grant: GrantFile, at: ConfigPath): ConfigProblem[] {
  return grant.pull.flatMap((part, index) => {
    const path = [...at, 'pull', index];
    const host = hostOf(file, part.registry);
    const known = knownHosts(file);
    if (!known.includes(host) && vendorOf(host).kind === 'distribution') {
      return [
        dangling(root, [...path, 'registry'], part.registry, known, { what: 'registry', where: ' in registries' }),
      ];
    }
    if (!('namespace' in part) || isDecidedByCluster(file, host)) return [];
    const told = {
      text: part.namespace,
      message: `${host} has no image Namespaces: it is not known as a registry of a cluster`,
      hint: `write repository or prefix; or name its kind (${Object.keys(PULL_PROFILES).join(', ')}), or put it under registries of a cluster`,
    };
    return [problemAt(root, [...path, 'namespace'], told)];
  });
}

function knownHosts({ registries, clusters }: ConfigFile): string[] {
  const own = clusters.flatMap(({ registries: inside = {} }) => Object.keys(inside));
  return [...Object.keys(registries), ...own].map(parseHost);
}

/** Registries where nobody decides but a list of passwords: a grant there comes to nothing. */
function checkMeans(root: ConfigNode, file: ConfigFile): ConfigProblem[] {
  return file.grants.flatMap(({ pull }, index) =>
    pull.flatMap(({ registry }, place) => {
      const host = hostOf(file, registry);
      const { kind } = vendorOf(host, file.registries[host]?.kind);
      if (kind !== 'distribution' || isDecidedByCluster(file, host) || !knownHosts(file).includes(host)) return [];
      const told = {
        text: registry,
        message: `${host} has no means to say who may pull what: this grant changes nothing`,
        hint: 'let it ask our token endpoint (tokenEndpoint), and put it under registries of a cluster; or name its kind',
      };
      return [problemAt(root, ['grants', index, 'pull', place, 'registry'], told)];
    }),
  );
}

function checkTokenEndpoint(root: ConfigNode, file: ConfigFile): ConfigProblem[] {
  const { tokenEndpoint } = file;
  if (tokenEndpoint === undefined) return [];
  const { registry } = tokenEndpoint;
  const found = tokenPlaces(file, registry);
  if (found.length === 1) return [];
  const all = tokenPlaces(file, undefined).map((place) => place.registry);
  if (registry !== undefined && found.length === 0) {
    const where = ' under registries of a cluster';
    return [dangling(root, ['tokenEndpoint', 'registry'], registry, all, { what: 'registry', where })];
  }
  const several =
    registry === undefined ? `it is not said for which registry` : `${registry} stands under several clusters`;
  const told =
    found.length === 0
      ? {
          message: 'no cluster has registries that could ask the token endpoint',
          hint: 'add registries: { "registry.acme.io": openshift } to a cluster, with the profile by which it decides',
        }
      : {
          message: several,
          hint: 'add registry: with one of those under registries of a cluster, each under one cluster',
        };
  return [problemAt(root, ['tokenEndpoint'], { text: registry ?? '', ...told })];
}

function hostOf(file: ConfigFile, text: string): string {
  return hostNamed(hostOfNames(file), text);
}
