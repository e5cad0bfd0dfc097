// Reads a whole cluster in pages: its Namespaces, the ServiceAccounts that may need a reference, and of the Secrets the marks alone. Where
// Secrets may not be listed, those of the names that rules want are got one by one.
//
//   namespaces ───────────┐
//   Secrets' metadata ────┼─▶ ServiceAccounts ─▶ by namespace, in the order of the names
//     of the wanted names │
//     of all that is ours ┘
//
import type { ApiObject, Cluster } from '../cluster/cluster.ts';
import { isTransshipError } from '../errors.ts';
import { inFlight } from './in-flight.ts';
import { listObjects } from './list-objects.ts';
import { readSecrets } from './observe-namespace.ts';
import {
  namespaceOf,
  toNamespace,
  toSecret,
  toSecretHead,
  toServiceAccount,
  type NamespaceHead,
} from './observed-objects.ts';
import type { ObservedNamespace, ObservedSecret, ObservedServiceAccount } from './observed.ts';
import type { Reads } from './reads.ts';
import { readMarks } from './secret-marks.ts';

export type ClusterView = {
  /** In the order of their names. */
  namespaces: ObservedNamespace[];
  /** True where Secrets may not be listed: then all have their content, and what is ours under other names is not known. */
  isLean: boolean;
};

type Options = {
  reads: Reads;
  /** Whether some rule means it: nothing is asked for one by one elsewhere. */
  isMeant: (namespace: NamespaceHead) => boolean;
  signal?: AbortSignal;
};

/** More names than this are not worth a list each: see there whose they are when they are written. */
const MOST_NAME_LISTS = 3;
const READS_IN_FLIGHT = 12;

/** @throws TransshipError as `Cluster.send` */
export async function observeCluster(cluster: Cluster, { reads, isMeant, signal }: Options): Promise<ClusterView> {
  const [heads, listed] = await Promise.all([
    listObjects(cluster, { path: '/api/v1/namespaces', view: 'metadata' }, signal).then((all) => all.map(toNamespace)),
    listSecretHeads(cluster, reads, signal),
  ]);
  const secrets = listed ?? (await getSecrets(cluster, heads.filter(isMeant), reads, signal));
  const serviceAccounts = await listServiceAccounts(cluster, reads, mayLose(secrets, reads), signal);
  const none = new Map<string, ObservedSecret>();
  return {
    isLean: listed === undefined,
    namespaces: heads
      .map((head) => ({
        ...head,
        secrets: secrets.get(head.name) ?? none,
        serviceAccounts: serviceAccounts.get(head.name) ?? [],
      }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

type ByNamespace<Value> = Map<string, Value>;
type Secrets = ByNamespace<Map<string, ObservedSecret>>;

/** Undefined where they may not be listed. */
async function listSecretHeads(
  cluster: Cluster,
  { secretNames, ownSelector }: Reads,
  signal?: AbortSignal,
): Promise<Secrets | undefined> {
  const names = secretNames.length <= MOST_NAME_LISTS ? secretNames : [];
  const others = names.map((name) => `metadata.name!=${name}`).join(',');
  const queries = [
    ...names.map((name) => ({ fieldSelector: `metadata.name=${name}` })),
    { labelSelector: ownSelector, ...(others === '' ? {} : { fieldSelector: others }) },
  ];
  try {
    const lists = await Promise.all(
      queries.map((query) => listObjects(cluster, { path: '/api/v1/secrets', query, view: 'metadata' }, signal)),
    );
    return secretsOf(lists.flat(), toSecretHead);
  } catch (error) {
    if (isTransshipError(error, 'denied')) return undefined;
    throw error;
  }
}

async function getSecrets(
  cluster: Cluster,
  heads: readonly NamespaceHead[],
  { secretNames }: Reads,
  signal?: AbortSignal,
): Promise<Secrets> {
  const found: Secrets = new Map();
  await inFlight(READS_IN_FLIGHT, heads, async ({ name }) => {
    found.set(name, await readSecrets(cluster, name, secretNames, signal));
  });
  return found;
}

/** The contents of the Secrets of a name, in all namespaces: as many pages as the metadata of all has. @throws TransshipError as `Cluster.send` */
export async function listSecretContents(cluster: Cluster, name: string, signal?: AbortSignal): Promise<Secrets> {
  const query = { fieldSelector: `metadata.name=${name}` };
  return secretsOf(await listObjects(cluster, { path: '/api/v1/secrets', query }, signal), toSecret);
}

function secretsOf(objects: readonly ApiObject[], read: (object: ApiObject) => ObservedSecret): Secrets {
  const found: Secrets = new Map();
  for (const object of objects) {
    const secret = read(object);
    const namespace = namespaceOf(object);
    const there = found.get(namespace) ?? new Map<string, ObservedSecret>();
    found.set(namespace, there.set(secret.name, secret));
  }
  return found;
}

/** Some of ours is to go, by a rule or by its own mark: whoever names it has to be known. */
function mayLose(secrets: Secrets, { mayPrune }: Reads): boolean {
  return (
    mayPrune || secrets.values().some((found) => found.values().some((secret) => readMarks(secret)?.prune === true))
  );
}

async function listServiceAccounts(
  cluster: Cluster,
  { serviceAccounts }: Reads,
  mayPrune: boolean,
  signal?: AbortSignal,
): Promise<ByNamespace<ObservedServiceAccount[]>> {
  const found: ByNamespace<ObservedServiceAccount[]> = new Map();
  if (serviceAccounts === 'none' && !mayPrune) return found;
  const [only, ...more] = serviceAccounts === 'all' || serviceAccounts === 'none' ? [] : serviceAccounts;
  const isOne = only !== undefined && more.length === 0 && !mayPrune;
  const query = isOne ? { fieldSelector: `metadata.name=${only}` } : {};
  for (const object of await listObjects(cluster, { path: '/api/v1/serviceaccounts', query }, signal)) {
    const namespace = namespaceOf(object);
    found.set(namespace, [...(found.get(namespace) ?? []), toServiceAccount(object)]);
  }
  return found;
}
