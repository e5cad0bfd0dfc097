// Names that are given twice, and names that lead nowhere.
import { parseSourcePattern } from '../mirror/source-pattern.ts';
import { parseTargetTemplate } from '../mirror/target-template.ts';
import { formatPath, keyPositionOf, positionOf, type ConfigNode, type ConfigPath } from './config-node.ts';
import { dangling } from './dangling.ts';
import { parseHost } from './hosts.ts';
import { configProblem, type ConfigProblem } from './problem.ts';
import type { ConfigFile } from './schema/schema.ts';

const REGISTRY_ANYWHERE = { what: 'registry', where: ' in registries, nor in a rule' };
const REGISTRY_WITH_ENTRY = { what: 'registry', where: ' in registries' };

type Registry = ConfigFile['registries'][string];

type Named = { name: string; path: ConfigPath; isKey?: boolean };

export function checkNames(root: ConfigNode, file: ConfigFile): ConfigProblem[] {
  return [
    ...duplicates(
      root,
      file.mirrors.map(({ name }, index) => ({ name, path: ['mirrors', index, 'name'] })),
      'rule',
    ),
    ...duplicates(
      root,
      file.receivers.map(({ id }, index) => ({ name: id, path: ['receivers', index, 'id'] })),
      'receiver',
    ),
    ...duplicates(
      root,
      file.clusters.map(({ name }, index) => ({ name, path: ['clusters', index, 'name'] })),
      'cluster',
    ),
    ...duplicates(
      root,
      file.credentials.map(({ name }, index) => ({ name, path: ['credentials', index, 'name'] })),
      'rule of credentials',
    ),
    ...duplicates(
      root,
      file.grants.map(({ name }, index) => ({ name, path: ['grants', index, 'name'] })),
      'grant',
    ),
    ...duplicates(root, hostsOf(file), 'registry'),
    ...danglingRegistries(root, file),
    ...danglingRules(root, file),
    ...danglingInCredentials(root, file),
  ];
}

function hostsOf(file: ConfigFile): Named[] {
  return Object.entries(file.registries).flatMap(([key, { aliases = [] }]) => [
    { name: parseHost(key), path: ['registries', key], isKey: true },
    ...aliases.map((alias, index) => ({ name: parseHost(alias), path: ['registries', key, 'aliases', index] })),
  ]);
}

function duplicates(root: ConfigNode, named: readonly Named[], what: string): ConfigProblem[] {
  const seen = new Map<string, Named>();
  return named.flatMap((one) => {
    const first = seen.get(one.name);
    if (first === undefined) {
      seen.set(one.name, one);
      return [];
    }
    const { line } = placeOf(root, first);
    const message = `a second ${what} has the name "${one.name}", after the one in line ${line}`;
    const hint = what === 'registry' ? 'put both under one host' : 'give each a name of its own';
    return [configProblem(placeOf(root, one), { path: formatPath(one.path), text: one.name, message, hint })];
  });
}

/** A receiver must speak of a registry that something else here speaks of, or its pushes would come to nothing. */
function danglingRegistries(root: ConfigNode, file: ConfigFile): ConfigProblem[] {
  const known = new Set([
    ...hostsOf(file).map(({ name }) => name),
    ...file.mirrors.flatMap(({ from, to }) => [
      parseSourcePattern(from).registry,
      ...to.map((target) => parseTargetTemplate(target).registry),
    ]),
  ]);
  return file.receivers.flatMap(({ registry }, index) =>
    known.has(parseHost(registry))
      ? []
      : [dangling(root, ['receivers', index, 'registry'], registry, [...known], REGISTRY_ANYWHERE)],
  );
}

function danglingRules(root: ConfigNode, file: ConfigFile): ConfigProblem[] {
  const known = file.mirrors.map(({ name }) => name);
  return file.api.oidc.flatMap(({ rules = [] }, index) =>
    rules.flatMap((rule, place) =>
      known.includes(rule)
        ? []
        : [dangling(root, ['api', 'oidc', index, 'rules', place], rule, known, { what: 'rule' })],
    ),
  );
}

/** Credentials are issued only for registries that have an entry, which says how to log in. */
function danglingInCredentials(root: ConfigNode, file: ConfigFile): ConfigProblem[] {
  const clusters = file.clusters.map(({ name }) => name);
  const registries = hostsOf(file).map(({ name }) => name);
  const tokens = Object.entries(file.registries).flatMap(([key, { credential }]) => {
    const [path, cluster] = tokenClusterOf(credential) ?? [];
    if (path === undefined || cluster === undefined || clusters.includes(cluster)) return [];
    return [dangling(root, ['registries', key, 'credential', ...path], cluster, clusters, { what: 'cluster' })];
  });
  const named = file.credentials.flatMap((rule, index) => [
    ...rule.clusters.flatMap((name, place) =>
      clusters.includes(name)
        ? []
        : [dangling(root, ['credentials', index, 'clusters', place], name, clusters, { what: 'cluster' })],
    ),
    ...rule.registries
      .map(parseHost)
      .flatMap((host, place) =>
        registries.includes(host)
          ? []
          : [dangling(root, ['credentials', index, 'registries', place], host, registries, REGISTRY_WITH_ENTRY)],
      ),
  ]);
  return [...tokens, ...named];
}

/** The cluster whose ServiceAccount logs in, and where it stands. */
function tokenClusterOf(credential: Registry['credential']): [path: ConfigPath, cluster: string] | undefined {
  if (typeof credential !== 'object') return undefined;
  if ('serviceAccount' in credential) return [['serviceAccount', 'cluster'], credential.serviceAccount.cluster];
  const account = 'quayRobot' in credential ? credential.quayRobot.serviceAccount : undefined;
  return account === undefined ? undefined : [['quayRobot', 'serviceAccount', 'cluster'], account.cluster];
}

function placeOf(root: ConfigNode, { path, isKey }: Named) {
  return isKey ? keyPositionOf(root, path) : positionOf(root, path);
}
