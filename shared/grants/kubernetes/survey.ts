// Looks which namespaces there are, as far as grants have to know: their labels where selectors mean some, their identities where grants are
// pinned to them.
import type { Cluster } from '../../cluster/cluster.ts';
import { getNamespace, listNamespaces, type Namespace } from '../../cluster/namespaces.ts';
import { getServiceAccount, listServiceAccounts } from '../../cluster/service-accounts.ts';
import type { SurveyOptions } from '../backend.ts';
import type { Grantee, PullGrant, PullPart } from '../grant.ts';
import type { Survey, SurveyedNamespace } from '../site.ts';
import type { ClusterSnapshot } from './cluster-snapshot.ts';
import { OWN_NAMESPACE } from './image-places.ts';
import { accountFact } from './pinned.ts';

/** One list is cheaper than more single looks. */
const MOST_SINGLE = 20;

/** @throws TransshipError as `Cluster.send` does */
export async function surveyCluster(
  cluster: Cluster,
  parts: readonly PullPart[],
  { snapshot, grants, isNarrow = false, signal }: SurveyOptions & { snapshot: ClusterSnapshot },
): Promise<Survey> {
  const options = signal === undefined ? {} : { signal };
  const names = grants === undefined ? undefined : namesToKnow(cluster.name, parts, grants);
  const [namespaces, facts] = await Promise.all([
    readNamespaces(cluster, names, options),
    grants === undefined ? {} : accountFacts(cluster, grants, options),
  ]);
  // with `{namespace}` as many bindings as selected Namespaces; without, as many as are named
  const isOwn = !isNarrow && parts.some(({ what }) => what.kind === 'namespace' && what.name === OWN_NAMESPACE);
  const targets = new Set([...parts.flatMap(namespaceOf), ...(isOwn ? namespaces.keys() : [])]);
  if (targets.size > MOST_SINGLE) await snapshot.fill(cluster, namespaces, options);
  return { namespaces, facts };
}

type Options = { signal?: AbortSignal };

async function readNamespaces(
  cluster: Cluster,
  names: readonly string[] | undefined,
  options: Options,
): Promise<ReadonlyMap<string, SurveyedNamespace>> {
  if (names === undefined || names.length > MOST_SINGLE) {
    const pages = await Array.fromAsync(listNamespaces(cluster, options));
    return new Map(pages.flat().map(toSurveyed));
  }
  const found = await Promise.all(names.map((name) => getNamespace(cluster, name, options)));
  return new Map(found.flatMap((one) => (one === undefined ? [] : [toSurveyed(one)])));
}

function toSurveyed({ name, uid, labels, isTerminating }: Namespace): [string, SurveyedNamespace] {
  return [name, { uid, labels, isTerminating }];
}

/** Undefined: all of them, as selectors mean any. */
function namesToKnow(cluster: string, parts: readonly PullPart[], grants: readonly PullGrant[]): string[] | undefined {
  const grantees = grants.flatMap((grant) => granteesIn(cluster, grant));
  if (grantees.some(({ kind }) => kind === 'NamespaceSelector')) return undefined;
  const pinned = grants.filter(({ pin }) => pin === 'uid');
  if (pinned.length === 0) return [];
  const own = pinned
    .flatMap((grant) => granteesIn(cluster, grant))
    .flatMap((one) => ('namespace' in one ? one.namespace : []));
  return [...new Set([...own, ...parts.flatMap(namespaceOf)])];
}

function namespaceOf({ what }: PullPart): string[] {
  const name = what.kind === 'namespace' ? what.name : (what.pattern.split('/')[0] ?? '');
  return name === '' || name === OWN_NAMESPACE || name.includes('*') ? [] : [name];
}

/** The uids of the ServiceAccounts of grants that are pinned to them. */
async function accountFacts(
  cluster: Cluster,
  grants: readonly PullGrant[],
  options: Options,
): Promise<Record<string, string>> {
  const grantees = grants.filter(({ pin }) => pin === 'uid').flatMap((grant) => granteesIn(cluster.name, grant));
  const named = grantees.filter((one) => one.kind === 'ServiceAccount');
  const single = await Promise.all(named.map((one) => getServiceAccount(cluster, one, options)));
  const selected = new Set(
    grantees.flatMap((one) => (one.kind === 'NamespaceSelector' ? (one.serviceAccounts ?? []) : [])),
  );
  const lists = await Promise.all(
    [...selected].map((name) =>
      Array.fromAsync(listServiceAccounts(cluster, { fieldSelector: `metadata.name=${name}`, ...options })),
    ),
  );
  const accounts = [...single, ...lists.flat(2)].filter((one) => one !== undefined);
  return Object.fromEntries(accounts.map(({ namespace, name, uid }) => [accountFact(namespace, name), uid]));
}

function granteesIn(cluster: string, { grantees }: PullGrant): Grantee[] {
  return grantees.filter((one) => 'cluster' in one && one.cluster === cluster);
}
