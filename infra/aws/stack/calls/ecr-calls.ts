// What functions call at registries of ECR: only what the configuration names, and only where their own role is who asks. Who assumes a
// role for a registry needs nothing there but that.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
import type { Config } from '../../../../shared/config/config.ts';
import { ecrPullPolicy } from '../../../../shared/registries/aws-pull-policy.ts';
import { parseEcrHost } from '../../../../shared/registries/ecr-host.ts';
import { askedBy, ecrKind, entryOf, publicRepositoryArn, repositoryArn } from './ecr-registry.ts';
import { sourcesOf, targetsOf, type Place } from './repository-patterns.ts';
import { allow, allowIfAny, type Statement } from './statement.ts';

const PULL = ['BatchCheckLayerAvailability', 'BatchGetImage', 'GetDownloadUrlForLayer'];
/** A layer that another repository has is mounted from there, which is a right to download it. https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html */
const PUSH = [...PULL, 'CompleteLayerUpload', 'InitiateLayerUpload', 'PutImage', 'UploadLayerPart'];
const LIST = ['ListImages'];

type Use = { sid: string; actions: readonly string[]; places: readonly Place[] };

/** Copies: sources are read, targets written, and made where they are missing and shall be. */
export function copyCalls(config: Config): Statement[] {
  const sources = config.rules.flatMap(sourcesOf);
  const targets = config.rules.flatMap(targetsOf);
  return [
    ...usesOf(config, [
      { sid: 'ReadSources', actions: [...PULL, ...LIST], places: sources },
      { sid: 'WriteTargets', actions: PUSH, places: targets },
    ]),
    ...createCalls(config, targets),
  ];
}

/** Sweeps: both sides are listed and compared; what is pruned is deleted; registries of patterns tell what they have. */
export function sweepCalls(config: Config): Statement[] {
  const sources = config.rules.flatMap(sourcesOf);
  const pruned = config.rules.filter(({ prune }) => prune === 'apply');
  const catalogs = config.rules
    .filter(({ from }) => from.wildcards.length > 0)
    .map(({ from }) => ({ registry: from.registry, repository: '*' }));
  return usesOf(config, [
    { sid: 'ListSources', actions: ['BatchGetImage', ...LIST], places: sources },
    { sid: 'CompareTargets', actions: ['BatchGetImage', ...LIST], places: config.rules.flatMap(targetsOf) },
    { sid: 'PruneTargets', actions: ['BatchDeleteImage'], places: pruned.flatMap(targetsOf) },
    { sid: 'ListRepositories', actions: ['DescribeRepositories'], places: catalogs },
  ]);
}

/** Plans of copies: what they would do, and no more; and whether each registry lets us in. */
export function planCalls(config: Config): Statement[] {
  const places = config.rules.flatMap((rule) => [...sourcesOf(rule), ...targetsOf(rule)]);
  const known = config.registries.map(({ host }) => ({ registry: host, repository: '*' }));
  return usesOf(config, [
    { sid: 'ReadImages', actions: PULL, places },
    { sid: 'LogIn', actions: [], places: known },
  ]);
}

/** Credentials of clusters: whoever has the token that is issued may what the role may that asked for it, so it may pull and nothing else. */
export function issueCalls(config: Config): Statement[] {
  const hosts = [...new Set(config.credentials.flatMap(({ registries }) => registries))].filter(
    (host) => ecrKind(host, config.registries) !== undefined && isOwn(host, config),
  );
  const known = hosts.map((host) => entryOf(host, config.registries)?.host ?? host);
  const policy = ecrPullPolicy({ registries: known });
  const statements = (policy?.Statement ?? []).map(({ Sid, Action, Resource }) =>
    allow(Sid, Action, typeof Resource === 'string' ? [Resource] : Resource),
  );
  // a name of its own tells no account
  const renamed = known.filter((host) => isPrivate(host, config) && parseEcrHost(host) === undefined);
  const places = renamed.map((registry) => ({ registry, repository: '*' }));
  return places.length === 0
    ? statements
    : [
        ...(statements.some(({ Sid }) => Sid === 'LogIn')
          ? []
          : [allow('LogIn', ['ecr:GetAuthorizationToken'], ['*'])]),
        ...statements,
        allow('PullByName', named('ecr', PULL), arnsOf(places, config)),
      ];
}

/** Repositories that are made: also those that grants name. */
export function createCalls(config: Config, places: readonly Place[]): Statement[] {
  const wanted = places.filter(
    ({ registry }) =>
      entryOf(registry, config.registries)?.createRepository !== undefined && isPrivate(registry, config),
  );
  const own = wanted.filter(({ registry }) => askedBy(registry, config.registries, 'own')?.role === 'own');
  const tagged = own.filter(
    ({ registry }) => entryOf(registry, config.registries)?.createRepository?.tags !== undefined,
  );
  return [
    ...allowIfAny('CreateRepositories', ['ecr:CreateRepository'], arnsOf(own, config)),
    ...allowIfAny('TagRepositories', ['ecr:TagResource'], arnsOf(tagged, config)),
  ];
}

function usesOf(config: Config, uses: readonly Use[]): Statement[] {
  const own = uses.map((use) => ({ ...use, places: use.places.filter(({ registry }) => isOwn(registry, config)) }));
  const kindsOf = ({ places }: Use) => places.map(({ registry }) => ecrKind(registry, config.registries));
  const asked = new Set(own.flatMap(kindsOf));
  return [
    ...(asked.has('ecr') ? [allow('LogIn', ['ecr:GetAuthorizationToken'], ['*'])] : []),
    ...(asked.has('ecr-public')
      ? [allow('LogInToPublic', ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'], ['*'])]
      : []),
    ...own.flatMap(({ sid, actions, places }) => [
      ...(actions.length === 0 ? [] : allowIfAny(sid, named('ecr', actions), arnsOf(places, config))),
      ...allowIfAny(`${sid}InPublic`, named('ecr-public', writesOf(actions)), publicArnsOf(places, config, actions)),
    ]),
  ];
}

/** Everybody may read the gallery. */
function writesOf(actions: readonly string[]): readonly string[] {
  return actions.includes('PutImage') ? actions.filter((action) => !PULL.slice(1).includes(action)) : [];
}

function publicArnsOf(places: readonly Place[], config: Config, actions: readonly string[]): unknown[] {
  if (writesOf(actions).length === 0) return [];
  const there = places.filter(({ registry }) => ecrKind(registry, config.registries) === 'ecr-public');
  return distinct(there.map(({ repository }) => publicRepositoryArn(repository)));
}

function arnsOf(places: readonly Place[], config: Config): unknown[] {
  const there = places.filter(({ registry }) => isPrivate(registry, config));
  return distinct(there.map(({ registry, repository }) => repositoryArn(registry, repository, config.registries)));
}

function named(service: string, actions: readonly string[]): string[] {
  return actions.map((action) => `${service}:${action}`).toSorted();
}

function isOwn(host: string, { registries }: Config): boolean {
  return askedBy(host, registries, 'nobody')?.role === 'own';
}

function isPrivate(host: string, { registries }: Config): boolean {
  return ecrKind(host, registries) === 'ecr';
}

function distinct(arns: readonly unknown[]): unknown[] {
  const byText = new Map(arns.map((arn) => [JSON.stringify(arn), arn]));
  return [...byText.keys()].toSorted().map((text) => byText.get(text));
}
