// Makes of a configuration in the form of its file what the program works with. Everything was checked before.
import type { MirrorRule, Schedule } from '../mirror/rule.ts';
import { parseSourcePattern } from '../mirror/source-pattern.ts';
import { parseTargetTemplate } from '../mirror/target-template.ts';
import type { ApiConfig, Config, RegistryConfig } from './config.ts';
import { parseHost, parseListen } from './hosts.ts';
import type { ConfigFile } from './schema/schema.ts';
import { parseDuration, parseRate, parseSize } from './units.ts';

/** The configuration; `dataDir` is where the file does not say. */
export function toConfig(file: ConfigFile, defaults: { dataDir: string }): Config {
  return {
    registries: Object.entries(file.registries).map(([host, registry]) => toRegistry(host, registry)),
    rules: file.mirrors.map(toMirrorRule),
    receivers: file.receivers.map((receiver) => ({ ...receiver, registry: parseHost(receiver.registry) })),
    api: toApi(file.api),
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

function toSchedule(schedule: ConfigFile['mirrors'][number]['schedule']): Schedule | undefined {
  if (schedule === 'off') return undefined;
  return 'every' in schedule ? { everyMs: parseDuration(schedule.every) } : schedule;
}

function toRegistry(key: string, registry: ConfigFile['registries'][string]): RegistryConfig {
  const { limits, aliases = [], trustedHosts = [], ...rest } = registry;
  const { concurrency, requestsPerSecond, bandwidth } = limits ?? {};
  return {
    ...rest,
    host: parseHost(key),
    aliases: aliases.map(parseHost),
    trustedHosts: trustedHosts.map((host) => host.toLowerCase()),
    limits: {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
      ...(bandwidth === undefined ? {} : { bandwidthBytesPerSecond: parseSize(bandwidth) }),
    },
  };
}

function toApi({ listen, rateLimit, ...rest }: ConfigFile['api']): ApiConfig {
  return {
    ...rest,
    listen: parseListen(listen),
    requestsPerMinute: typeof rateLimit === 'number' ? rateLimit : parseRate(rateLimit),
  };
}
