// Reads a whole cluster in pages: its Namespaces, the ServiceAccounts that may need a reference, and of the Secrets the marks alone. Where
// Secrets may not be listed, those of the names that rules want are got one by one.
//
//   namespaces ───────────┐
//   Secrets' metadata ────┼─▶ ServiceAccounts ─▶ by namespace, in the order of the names
//     of the wanted names │
//     of all that is ours ┘
//
import type { Cluster } from '../cluster/cluster.ts';
import { listNamespaces } from '../cluster/namespaces.ts';
import { listSecretMetadata, listSecrets } from '../cluster/secrets.ts';
import { listServiceAccounts } from '../cluster/service-accounts.ts';
import { isTransshipError, type TransshipError } from '../errors.ts';
import { readSecrets } from './observe-namespace.ts';
import { toSecret, toSecretHead, toServiceAccount } from './observed-objects.ts';
import type { ObservedNamespace, ObservedSecret, ObservedServiceAccount } from './observed.ts';
import { readEach } from './read-each.ts';
import type { Reads } from './reads.ts';
import { readMarks } from './secret-marks.ts';

export type ObservedAll = {
  /** In the order of their names. */
  namespaces: ObservedNamespace[];
  /** Those that could not be read, and why. */
  unread: ReadonlyMap<string, TransshipError>;
};

type Options = {
  reads: Reads;
  /** Whether some rule means it: nothing is asked for one by one elsewhere. */
  isMeant: (namespace: { name: string; labels: Readonly<Record<string, string>> }) => boolean;
} & Signal;
type Signal = { signal?: AbortSignal };

/** Each list holds our own Secrets of that name, which would be listed anyway. More names than this: see whose they are when they are written. */
const MOST_NAME_LISTS = 16;

/** @throws TransshipError as `Cluster.send` */
export async function observeCluster(cluster: Cluster, { reads, isMeant, ...signal }: Options): Promise<ObservedAll> {
  const [pages, listed] = await Promise.all([
    Array.fromAsync(listNamespaces(cluster, signal)),
    listSecretHeads(cluster, reads, signal),
  ]);
  const found = pages.flat();
  const meant = found.filter(isMeant).map(({ name }) => name);
  const { found: read, unread } =
    listed === undefined
      ? await readEach(meant, (name) => readSecrets(cluster, name, reads.secretNames, signal))
      : { found: inEach(listed), unread: new Map<string, TransshipError>() };
  const serviceAccounts = await readServiceAccounts(cluster, reads, mayLose(read, reads), signal);
  const none = { secrets: new Map<string, ObservedSecret>() };
  const namespaces = found
    .filter(({ name }) => !unread.has(name))
    .map(({ name, uid, labels, isTerminating }) => ({
      name,
      uid,
      labels,
      isTerminating,
      ...(read.get(name) ?? none),
      serviceAccounts: serviceAccounts.get(name) ?? [],
    }));
  return { namespaces: namespaces.toSorted((one, other) => (one.name < other.name ? -1 : 1)), unread };
}

type Secrets = Map<string, Map<string, ObservedSecret>>;

function inEach(listed: Secrets): Map<string, Pick<ObservedNamespace, 'secrets' | 'unreadSecrets'>> {
  return new Map([...listed].map(([name, secrets]) => [name, { secrets }]));
}

/** By namespace and name; undefined where they may not be listed. */
async function listSecretHeads(
  cluster: Cluster,
  { secretNames, ownSelector }: Reads,
  signal: Signal,
): Promise<Secrets | undefined> {
  const names = secretNames.length <= MOST_NAME_LISTS ? secretNames : [];
  const others = names.map((name) => `metadata.name!=${name}`).join(',');
  const queries = [
    ...names.map((name) => ({ fieldSelector: `metadata.name=${name}` })),
    { labelSelector: ownSelector, ...(others === '' ? {} : { fieldSelector: others }) },
  ];
  try {
    const lists = await Promise.all(
      queries.map((query) => Array.fromAsync(listSecretMetadata(cluster, { ...query, ...signal }))),
    );
    return byNamespace(lists.flat(2), toSecretHead);
  } catch (error) {
    if (isTransshipError(error, 'denied')) return undefined;
    throw error;
  }
}

/** The contents of the Secrets of a name, in all namespaces: as many pages as their metadata has. @throws TransshipError as `Cluster.send` */
export async function listContents(cluster: Cluster, name: string, signal: Signal = {}): Promise<Secrets> {
  const pages = await Array.fromAsync(listSecrets(cluster, { fieldSelector: `metadata.name=${name}`, ...signal }));
  return byNamespace(pages.flat(), toSecret);
}

function byNamespace<Found extends { namespace: string }>(
  all: readonly Found[],
  read: (found: Found) => ObservedSecret,
): Secrets {
  const found: Secrets = new Map();
  for (const one of all) {
    const secret = read(one);
    const there = found.get(one.namespace) ?? new Map<string, ObservedSecret>();
    found.set(one.namespace, there.set(secret.name, secret));
  }
  return found;
}

/** Some of ours is to go, by a rule or by its own mark: whoever names it has to be known. */
function mayLose(
  read: ReadonlyMap<string, Pick<ObservedNamespace, 'secrets'>>,
  { mayPrune, prunedElsewhere }: Reads,
): boolean {
  const isLost = (secret: ObservedSecret): boolean => {
    const marks = readMarks(secret);
    return marks !== undefined && (marks.prune || prunedElsewhere.has(marks.rule));
  };
  return mayPrune || read.values().some(({ secrets }) => secrets.values().some(isLost));
}

async function readServiceAccounts(
  cluster: Cluster,
  { serviceAccounts }: Reads,
  mayPrune: boolean,
  signal: Signal,
): Promise<Map<string, ObservedServiceAccount[]>> {
  const found = new Map<string, ObservedServiceAccount[]>();
  if (serviceAccounts === 'none' && !mayPrune) return found;
  const [only, ...more] = serviceAccounts === 'all' || serviceAccounts === 'none' ? [] : serviceAccounts;
  const isOne = only !== undefined && more.length === 0 && !mayPrune;
  const query = isOne ? { fieldSelector: `metadata.name=${only}` } : {};
  try {
    for await (const page of listServiceAccounts(cluster, { ...query, ...signal })) {
      for (const one of page) found.set(one.namespace, [...(found.get(one.namespace) ?? []), toServiceAccount(one)]);
    }
  } catch (error) {
    // Where no rule wants any, nobody had to give us the right: what an earlier one attached stays.
    if (serviceAccounts !== 'none' || !isTransshipError(error, 'denied')) throw error;
  }
  return found;
}
