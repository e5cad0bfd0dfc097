// Makes of a configuration in the form of its file what the program works with. Everything was checked before.
import type { MirrorRule, Schedule } from '../mirror/rule.ts';
import { parseSourcePattern } from '../mirror/source-pattern.ts';
import { parseTargetTemplate } from '../mirror/target-template.ts';
import type { ApiConfig, Config, CredentialRuleConfig, RegistryConfig } from './config.ts';
import { hostNamed, hostOfNames } from './host-of-names.ts';
import { parseHost, parseListen } from './hosts.ts';
import type { ConfigFile } from './schema/schema.ts';
import { toGrants } from './to-grants.ts';
import { toRegistryCredential } from './to-registry-credential.ts';
import { toSelector } from './to-selector.ts';
import { toTokenEndpoint } from './to-token-endpoint.ts';
import { parseDuration, parseRate, parseSize } from './units.ts';

/** The configuration; `dataDir` is where the file does not say. */
export function toConfig(file: ConfigFile, defaults: { dataDir: string }): Config {
  return {
    registries: Object.entries(file.registries).map(([host, registry]) => toRegistry(host, registry)),
    rules: file.mirrors.map(toMirrorRule),
    receivers: file.receivers.map((receiver) => ({ ...receiver, registry: parseHost(receiver.registry) })),
    api: toApi(file.api),
    clusters: file.clusters.map((cluster) => toCluster(cluster, hostOfNames(file))),
    credentials: file.credentials.map((rule) => toCredentialRule(rule, hostOfNames(file))),
    grants: toGrants(file),
    grantsEveryMs: parseDuration(file.reconcile.every),
    ...toTokenEndpoint(file),
    dataDir: file.dataDir ?? defaults.dataDir,
    instance: file.instance,
    ...(file.masterKey === undefined ? {} : { masterKey: file.masterKey }),
  };
}

export function toMirrorRule(mirror: ConfigFile['mirrors'][number]): MirrorRule {
  const { name, from, to, tags, platforms, schedule, bandwidth, ...rest } = mirror;
  const times = toSchedule(schedule);
  return {
    ...rest,
    name,
    from: parseSourcePattern(from),
    to: to.map(parseTargetTemplate),
    tags: Array.isArray(tags) ? tags : [tags],
    ...(platforms === undefined ? {} : { platforms }),
    ...(times === undefined ? {} : { schedule: times }),
    ...(bandwidth === undefined ? {} : { bandwidthBytesPerSecond: parseSize(bandwidth) }),
  };
}

function toSchedule(schedule: ConfigFile['mirrors'][number]['schedule'] | undefined): Schedule | undefined {
  if (schedule === undefined || schedule === 'off') return undefined;
  return 'every' in schedule ? { everyMs: parseDuration(schedule.every) } : schedule;
}

function toRegistry(key: string, registry: ConfigFile['registries'][string]): RegistryConfig {
  const { limits, aliases = [], trustedHosts = [], credential, ...rest } = registry;
  const { concurrency, requestsPerSecond, bandwidth } = limits ?? {};
  return {
    ...rest,
    host: parseHost(key),
    aliases: aliases.map(parseHost),
    trustedHosts: trustedHosts.map((host) => host.toLowerCase()),
    ...(credential === undefined ? {} : { credential: toRegistryCredential(credential) }),
    limits: {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
      ...(bandwidth === undefined ? {} : { bandwidthBytesPerSecond: parseSize(bandwidth) }),
    },
  };
}

type ClusterFile = ConfigFile['clusters'][number];

/** Its registries get the names under which they stand in the configuration, by which grants know them. */
function toCluster({ registries, ...rest }: ClusterFile, names: ReadonlyMap<string, string>): ClusterFile {
  if (registries === undefined) return rest;
  const named = Object.entries(registries).map(([key, profile]) => [hostNamed(names, key), profile] as const);
  return { ...rest, registries: Object.fromEntries(named) };
}

type CredentialFile = ConfigFile['credentials'][number];

/** Registries get the names under which they stand in the configuration. */
export function toCredentialRule(
  { namespaces, serviceAccounts, schedule, registries, ...rest }: CredentialFile,
  names: ReadonlyMap<string, string>,
): CredentialRuleConfig {
  const { selector, ...others } = namespaces;
  const times = toSchedule(schedule);
  return {
    ...rest,
    registries: registries.map(parseHost).map((host) => names.get(host) ?? host),
    namespaces: { ...others, ...(selector === undefined ? {} : { selector: toSelector(selector) }) },
    serviceAccounts: toServiceAccounts(serviceAccounts),
    ...(times === undefined ? {} : { schedule: times }),
  };
}

function toServiceAccounts(accounts: CredentialFile['serviceAccounts']): CredentialRuleConfig['serviceAccounts'] {
  if (accounts === 'none' || accounts === 'all') return accounts;
  return 'selector' in accounts ? { selector: toSelector(accounts.selector) } : { names: accounts };
}

function toApi({ listen, rateLimit, admission, ...rest }: ConfigFile['api']): ApiConfig {
  return {
    ...rest,
    ...(admission === undefined ? {} : { admission: { ...admission, listen: parseListen(admission.listen) } }),
    listen: parseListen(listen),
    requestsPerMinute: typeof rateLimit === 'number' ? rateLimit : parseRate(rateLimit),
  };
}
