// Reads one namespace by the names of what rules want there: few requests, and none that a namespace of its own could not be allowed.
import type { Cluster } from '../cluster/cluster.ts';
import { getNamespace } from '../cluster/namespaces.ts';
import { getSecret } from '../cluster/secrets.ts';
import { getServiceAccount, listServiceAccounts } from '../cluster/service-accounts.ts';
import { isTransshipError, type TransshipError } from '../errors.ts';
import { toSecret, toServiceAccount } from './observed-objects.ts';
import type { ObservedNamespace, ObservedServiceAccount } from './observed.ts';
import type { Reads } from './reads.ts';

type Options = { signal?: AbortSignal };

/**
 * Secrets with their content; undefined where there is no such namespace.
 * @throws TransshipError as `Cluster.send`
 */
export async function observeNamespace(
  cluster: Cluster,
  name: string,
  reads: Reads,
  options: Options = {},
): Promise<ObservedNamespace | undefined> {
  const [found, read, serviceAccounts] = await Promise.all([
    readHead(cluster, name, reads, options),
    readSecrets(cluster, name, reads.secretNames, options),
    readServiceAccounts(cluster, name, reads, options),
  ]);
  if (found === undefined) return undefined;
  return { name, ...found, ...read, serviceAccounts };
}

/** Who may not look at Namespaces knows of those that he was told to work in; labels that nobody read exclude none. */
async function readHead(
  cluster: Cluster,
  name: string,
  { needsLabels }: Reads,
  options: Options,
): Promise<Pick<ObservedNamespace, 'uid' | 'labels' | 'isTerminating'> | undefined> {
  try {
    const found = await getNamespace(cluster, name, options);
    return found && { uid: found.uid, labels: found.labels, isTerminating: found.isTerminating };
  } catch (error) {
    if (isTransshipError(error, 'denied') && !needsLabels) return { uid: '', labels: {}, isTerminating: false };
    throw error;
  }
}

type ReadSecrets = Pick<ObservedNamespace, 'secrets' | 'unreadSecrets'>;

/**
 * Those that are there, by name, with their content. One that may not be read keeps no other back: it counts as none, and who has to write
 * it is told then (`createSecret` touches nothing that is there); no reference to it changes, as it may be that of somebody else.
 * @throws TransshipError as `Cluster.send`; `denied` where none may be read
 */
export async function readSecrets(
  cluster: Cluster,
  namespace: string,
  names: readonly string[],
  options: Options = {},
): Promise<ReadSecrets> {
  const denied = new Map<string, TransshipError>();
  const found = await Promise.all(
    names.map(async (name) => {
      try {
        return await getSecret(cluster, { namespace, name }, options);
      } catch (error) {
        if (!isTransshipError(error, 'denied')) throw error;
        denied.set(name, error);
        return undefined;
      }
    }),
  );
  const [first] = denied.values();
  if (first !== undefined && denied.size === names.length) throw first;
  const secrets = new Map(found.filter((one) => one !== undefined).map((one) => [one.name, toSecret(one)]));
  return { secrets, ...(denied.size === 0 ? {} : { unreadSecrets: new Set(denied.keys()) }) };
}

async function readServiceAccounts(
  cluster: Cluster,
  namespace: string,
  { serviceAccounts, mayPrune }: Reads,
  options: Options,
): Promise<ObservedServiceAccount[]> {
  if (serviceAccounts === 'all' || mayPrune) {
    const pages = await Array.fromAsync(listServiceAccounts(cluster, { namespace, ...options }));
    return pages.flat().map(toServiceAccount);
  }
  const names = serviceAccounts === 'none' ? [] : serviceAccounts;
  const found = await Promise.all(names.map((name) => getServiceAccount(cluster, { namespace, name }, options)));
  return found.filter((one) => one !== undefined).map(toServiceAccount);
}
