// What grants need at registries of ECR: the policies of the repositories that grants name are read and written, those of the whole
// registry are read by whoever asks who may pull what.
import type { Config } from '../../../../shared/config/config.ts';
import { createCalls } from './ecr-calls.ts';
import { askedBy, ecrKind, entryOf, registryRegion, repositoryArn } from './ecr-registry.ts';
import { withoutCovered, type Place } from './repository-patterns.ts';
import { allow, allowIfAny, type Statement } from './statement.ts';

/**
 * No repository is named by these: they are the registry's. Whether its own policy counts, and what stands in it: without that nobody knows
 * who may pull what, whatever the policies of repositories say.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
 */
const READ_REGISTRY = ['ecr:GetAccountSetting', 'ecr:GetRegistryPolicy'];
const WRITE_REGISTRY = ['ecr:DeleteRegistryPolicy', 'ecr:PutRegistryPolicy'];

export function writeGrantCalls(config: Config): Statement[] {
  const granted = grantedPlaces(config);
  const hosts = [...new Set(granted.map(({ registry }) => registry))];
  const patterns = hosts.flatMap((registry) => {
    const own = granted.filter((place) => place.registry === registry).map(({ repository }) => repository);
    return withoutCovered(own).map((repository) => ({ registry, repository }));
  });
  const listed = [
    ...new Set(granted.filter(({ repository }) => repository.includes('*')).map(({ registry }) => registry)),
  ];
  return [
    ...allowIfAny(
      'WritePolicies',
      ['ecr:DeleteRepositoryPolicy', 'ecr:GetRepositoryPolicy', 'ecr:SetRepositoryPolicy'],
      arnsOf(patterns, config),
    ),
    ...allowIfAny('ListRepositories', ['ecr:DescribeRepositories'], arnsOf(listed.map(whole), config)),
    ...registryCalls('ReadRegistryPolicy', READ_REGISTRY, hosts, config),
    ...registryCalls('WriteRegistryPolicy', WRITE_REGISTRY, deepHosts(granted), config),
    ...createCalls(
      config,
      granted.filter(({ repository }) => !repository.includes('*')),
    ),
  ];
}

/** Of every registry of ours that an audit looks at. */
export function readGrantCalls(config: Config): Statement[] {
  const { registries, grants, rules, credentials } = config;
  const hosts = [
    ...registries.map(({ host }) => host),
    ...grants.flatMap(({ what }) => what.map((part) => part.registry)),
    ...rules.flatMap(({ to }) => to.map((target) => target.registry)),
    ...credentials.flatMap((rule) => rule.registries),
  ];
  const own = [...new Set(hosts.map((host) => entryOf(host, registries)?.host ?? host))].filter((host) =>
    isAskedByUs(host, config),
  );
  return [
    ...allowIfAny(
      'ReadPolicies',
      ['ecr:DescribeRepositories', 'ecr:GetRepositoryPolicy'],
      arnsOf(own.map(whole), config),
    ),
    // AWS gives these for everything or nothing: who declares no grant at ECR has no use for a right that wide
    ...registryCalls('ReadRegistryPolicy', READ_REGISTRY, grantedPlaces(config).length === 0 ? [] : own, config),
  ];
}

/** Only where a grant means all below a prefix may it stand in the registry's own policy. */
function deepHosts(granted: readonly Place[]): string[] {
  return granted.filter(({ repository }) => repository.endsWith('**')).map(({ registry }) => registry);
}

/** In the regions of the registries: that is all by which they can be named. */
function registryCalls(sid: string, actions: readonly string[], hosts: readonly string[], config: Config): Statement[] {
  if (hosts.length === 0) return [];
  const regions = new Map(
    hosts.map((host) => registryRegion(host, config.registries)).map((region) => [JSON.stringify(region), region]),
  );
  const named = [...regions.keys()].toSorted().map((text) => regions.get(text));
  return [{ ...allow(sid, actions.toSorted(), ['*']), Condition: { StringEquals: { 'aws:RequestedRegion': named } } }];
}

function grantedPlaces(config: Config): Place[] {
  return config.grants.flatMap(({ what }) =>
    what.flatMap(({ registry, what: part }) =>
      part.kind === 'repository' && isAskedByUs(registry, config) ? [{ registry, repository: part.pattern }] : [],
    ),
  );
}

function isAskedByUs(host: string, { registries }: Config): boolean {
  return ecrKind(host, registries) === 'ecr' && askedBy(host, registries, 'own')?.role === 'own';
}

function whole(registry: string): Place {
  return { registry, repository: '*' };
}

function arnsOf(places: readonly Place[], { registries }: Config): unknown[] {
  return places.map(({ registry, repository }) => repositoryArn(registry, repository, registries));
}
