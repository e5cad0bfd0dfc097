// What a grant is in the policies of ECR: one statement for each repository, or for the whole registry where its policy counts for pulls,
// with an end that AWS itself keeps.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
import { awsPartition } from '../../identity/aws-partition.ts';
import { parseEcrHost } from '../../registries/ecr-host.ts';
import type { WantedEntries, WantedRequest } from '../backend.ts';
import type { Shortfall, WantedEntry } from '../entry.ts';
import type { PullAction, PullPart } from '../grant.ts';
import { isExactPattern, matchesRepository } from '../repository-pattern.ts';
import type { Target } from '../site.ts';
import type { JsonObject } from './canonical-statement.ts';
import { meantPrincipals, type MeantPrincipals } from './grantee-principals.ts';
import { statementMark } from './statement-mark.ts';
import { KNOWN_ACCOUNTS, REGISTRY_POLICY_SCOPE } from './survey-facts.ts';

/** What one statement is about: where it stands, and in the policy of the registry, of which repositories it speaks. */
type Place = { place: string; actions: ReadonlySet<PullAction>; resources?: readonly string[]; overbroad?: string };

const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
const LIST = ['ecr:DescribeImages', 'ecr:ListImages'];

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html */
const REPOSITORY = /^(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*\/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/;
const SHORTEST_NAME = 2;
const LONGEST_NAME = 256;

export const ecrWanted: WantedEntries = (request) => {
  const { grant, site, survey } = request;
  const partition = ecrPartition(site.host);
  const known = [parseEcrHost(site.host)?.account, ...(survey.facts?.[KNOWN_ACCOUNTS]?.split(',') ?? [])];
  // one that nobody knows needs an approval; whoever lets in everybody is told, approved or not
  const isKnown = (account: string): boolean => grant.approvedBy !== undefined || known.includes(account);
  const meant = meantPrincipals(request.grantees, { partition, isKnown });
  const { places, shortfalls } = placesOf(request, partition);
  return {
    entries: places.flatMap((place) => entriesAt(place, meant, request)),
    shortfalls: [
      ...meant.unsupported.map((why) => shortfall(request, '', { state: 'Unsupported', ...why })),
      ...shortfalls,
    ],
  };
};

/** Of the registry at this host. */
export function ecrPartition(host: string): string {
  return awsPartition(parseEcrHost(host)?.region ?? '').name;
}

/** Of one repository, or of all that a pattern means; the name of a registry of which nobody knows the account is `*`. */
export function repositoryArn(host: string, partition: string, repository: string): string {
  const told = parseEcrHost(host);
  return `arn:${partition}:ecr:${told?.region ?? '*'}:${told?.account ?? '*'}:repository/${repository}`;
}

function placesOf(request: WantedRequest, partition: string): { places: Place[]; shortfalls: Shortfall[] } {
  const { parts, site, survey } = request;
  const inRegistry = survey.facts?.[REGISTRY_POLICY_SCOPE] === 'V2' ? parts.filter(isPrefix) : [];
  const byRepository = new Map<string, Place>();
  const shortfalls: Shortfall[] = [];
  for (const part of parts.filter((one) => !inRegistry.includes(one))) {
    const found = repositoriesOf(part, survey.repositories ?? []);
    if ('state' in found) shortfalls.push(shortfall(request, '', found));
    const places = 'state' in found ? [] : found.repositories;
    for (const place of places) byRepository.set(place, withPart(byRepository.get(place), place, part));
  }
  return { places: [...byRepository.values(), ...registryPlaces(inRegistry, site.host, partition)], shortfalls };
}

function withPart(known: Place | undefined, place: string, part: PullPart): Place {
  return { ...known, place, actions: new Set([...(known?.actions ?? []), ...part.actions]), ...overbroadOf(part) };
}

/** One statement for those that are only pulled from, and one for those that are listed as well. */
function registryPlaces(prefixes: readonly PullPart[], host: string, partition: string): Place[] {
  return [false, true].flatMap((isListed) => {
    const parts = prefixes.filter(({ actions }) => actions.includes('list') === isListed);
    const resources = parts.map((part) => repositoryArn(host, partition, patternOf(part).replace(/\*+$/, '*')));
    const actions = new Set(parts.flatMap((part) => part.actions));
    const overbroad = parts.map(overbroadOf).find((one) => one.overbroad !== undefined);
    return parts.length === 0
      ? []
      : [{ place: '', actions, resources: [...new Set(resources)].toSorted(), ...overbroad }];
  });
}

type Unmet = Pick<Shortfall, 'state' | 'message' | 'hint'>;

function repositoriesOf(part: PullPart, known: readonly string[]): { repositories: readonly string[] } | Unmet {
  if (part.what.kind === 'namespace') {
    return {
      state: 'Unsupported',
      message: `image namespace ${part.what.name}: a registry of ECR has none`,
      hint: `write repository: ${part.what.name}/** in place of the namespace`,
    };
  }
  const { pattern } = part.what;
  if (!isExactPattern(pattern)) {
    const repositories = known.filter((repository) => matchesRepository(pattern, repository)).toSorted();
    if (repositories.length > 0) return { repositories };
    return { state: 'Pending', message: `no repository is called like ${pattern} yet` };
  }
  if (REPOSITORY.test(pattern) && pattern.length >= SHORTEST_NAME && pattern.length <= LONGEST_NAME)
    return { repositories: [pattern] };
  return {
    state: 'Unsupported',
    message: `${pattern} is no name of a repository of ECR`,
    hint: `it has ${SHORTEST_NAME} to ${LONGEST_NAME} lower-case letters, digits and separators`,
  };
}

function patternOf({ what }: PullPart): string {
  return what.kind === 'repository' ? what.pattern : '';
}

/** What a star in a policy says as well: any depth. */
function isPrefix(part: PullPart): boolean {
  return patternOf(part).endsWith('**');
}

function overbroadOf(part: PullPart): { overbroad?: string } {
  return patternOf(part) === '**' ? { overbroad: 'every repository' } : {};
}

/** Up to three statements: everybody of an organization cannot be named beside principals. Each keeps its number whatever becomes of the others. */
function entriesAt(
  { place, actions, resources, overbroad }: Place,
  { principals, organizations, paths, overbroad: reasons }: MeantPrincipals,
  { grant, site, instance }: WantedRequest,
): WantedEntry[] {
  const isListed = actions.has('list');
  const variants: { who: readonly string[]; condition: Record<string, JsonObject>; reasons: readonly string[] }[] = [
    { who: principals, condition: {}, reasons },
    { who: organizations, condition: { StringEquals: { 'aws:PrincipalOrgID': organizations } }, reasons: [] },
    { who: paths, condition: { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': paths } }, reasons: [] },
  ];
  return variants.flatMap(({ who, condition, reasons }, index) => {
    if (who.length === 0) return [];
    const all = [...reasons, ...(overbroad === undefined ? [] : [overbroad])];
    const until =
      grant.expiresAt === undefined ? {} : { DateLessThan: { 'aws:CurrentTime': [inSeconds(grant.expiresAt)] } };
    const conditions = { ...condition, ...until };
    const shard = index + (resources !== undefined && isListed ? variants.length : 0);
    return {
      target: targetAt(site.host, place),
      key: statementMark(instance, grant.id, shard),
      content: {
        Effect: 'Allow',
        Principal: { AWS: index === 0 ? who : ['*'] },
        Action: [...PULL, ...(isListed ? LIST : [])].toSorted(),
        ...(resources === undefined ? {} : { Resource: resources }),
        ...(Object.keys(conditions).length === 0 ? {} : { Condition: conditions }),
      },
      grants: [grant.id],
      ...(grant.expiresAt === undefined ? {} : { endsAt: grant.expiresAt }),
      ...(all.length === 0 ? {} : { overbroad: all.join(', ') }),
    };
  });
}

function shortfall({ grant, site }: WantedRequest, place: string, why: Unmet): Shortfall {
  return { grant: grant.id, target: targetAt(site.host, place), ...why };
}

function targetAt(host: string, place: string): Target {
  return { backend: 'ecr', host, place };
}

/** AWS compares whole seconds. */
function inSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
