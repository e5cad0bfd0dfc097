// Makes grants of what the file says: one form for all parts, moments as dates, and registries under one name.
import type { PullGrant, PullPart } from '../grants/grant.ts';
import { PULL_PROFILES } from '../grants/pull-profiles.ts';
import { vendorOf } from '../registries/vendors.ts';
import { hostNamed, hostOfNames } from './host-of-names.ts';
import { parseHost } from './hosts.ts';
import { parseMoment } from './moments.ts';
import type { ConfigFile } from './schema/schema.ts';
import { toGrantee } from './to-grantee.ts';

type GrantFile = ConfigFile['grants'][number];
type PartFile = GrantFile['pull'][number];

type GrantSurroundings = {
  /** Registries by all their names. */
  hosts: ReadonlyMap<string, string>;
  /** The only cluster there is. */
  onlyCluster: string | undefined;
  /** Whether a cluster decides over pulls from this registry. */
  isDecidedByCluster: (host: string) => boolean;
};

/** Everything was checked before. */
export function toGrants(file: ConfigFile): PullGrant[] {
  const [first, second] = file.clusters;
  const surroundings = {
    hosts: hostOfNames(file),
    onlyCluster: second === undefined ? first?.name : undefined,
    isDecidedByCluster: (host: string) => isDecidedByCluster(file, host),
  };
  return file.grants.map((grant) => toGrant(grant, surroundings));
}

/** A registry inside of a cluster, or one that a cluster names as its own. */
export function isDecidedByCluster(file: ConfigFile, host: string): boolean {
  const { registries, clusters } = file;
  const entry = Object.entries(registries).find(([key]) => parseHost(key) === host)?.[1];
  if (vendorOf(host, entry?.kind).kind in PULL_PROFILES) return true;
  const names = hostOfNames(file);
  return clusters.some((cluster) =>
    Object.keys(cluster.registries ?? {}).some((key) => hostNamed(names, key) === host),
  );
}

function toGrant(file: GrantFile, surroundings: GrantSurroundings): PullGrant {
  const { name: id, to, pull, notBefore, until, ...rest } = file;
  const what = pull.map((part) => toPart(part, surroundings));
  const beginsAt = notBefore === undefined ? undefined : parseMoment(notBefore, 'start');
  const expiresAt = until === undefined ? undefined : parseMoment(until, 'end');
  const isOfCluster = what.some(({ registry }) => surroundings.isDecidedByCluster(registry));
  return {
    ...rest,
    id,
    what,
    grantees: [to].flat().map((grantee) => toGrantee(grantee, { ...surroundings, isOfCluster })),
    ...(beginsAt === undefined ? {} : { notBefore: beginsAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    origin: 'file',
  };
}

function toPart(part: PartFile, { hosts }: GrantSurroundings): PullPart {
  const registry = hostNamed(hosts, part.registry);
  const { actions } = part;
  if ('namespace' in part) return { registry, what: { kind: 'namespace', name: part.namespace }, actions };
  const pattern = 'prefix' in part ? `${part.prefix}**` : part.repository;
  return { registry, what: { kind: 'repository', pattern }, actions };
}
