// Reads one namespace by the names of what rules want there: few requests, and none that a namespace of its own could not be allowed.
import type { Cluster } from '../cluster/cluster.ts';
import { isTransshipError } from '../errors.ts';
import { listObjects } from './list-objects.ts';
import { toNamespace, toSecret, toServiceAccount, type NamespaceHead } from './observed-objects.ts';
import type { ObservedNamespace, ObservedSecret, ObservedServiceAccount } from './observed.ts';
import type { Reads } from './reads.ts';

/**
 * Secrets with their content; undefined where there is no such namespace.
 * @throws TransshipError as `Cluster.send`
 */
export async function observeNamespace(
  cluster: Cluster,
  name: string,
  reads: Reads,
  signal?: AbortSignal,
): Promise<ObservedNamespace | undefined> {
  const [head, secrets, serviceAccounts] = await Promise.all([
    readNamespace(cluster, name, signal),
    readSecrets(cluster, name, reads.secretNames, signal),
    readServiceAccounts(cluster, name, reads, signal),
  ]);
  return head === undefined ? undefined : { ...head, secrets, serviceAccounts };
}

async function readNamespace(cluster: Cluster, name: string, signal?: AbortSignal): Promise<NamespaceHead | undefined> {
  const object = await ifThere(cluster, `/api/v1/namespaces/${encodeURIComponent(name)}`, signal);
  return object === undefined ? undefined : toNamespace(object);
}

/** Those that are there, by name, with their content. @throws TransshipError as `Cluster.send` */
export async function readSecrets(
  cluster: Cluster,
  namespace: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, ObservedSecret>> {
  const found = await Promise.all(names.map((name) => ifThere(cluster, pathOf(namespace, 'secrets', name), signal)));
  const secrets = found.filter((object) => object !== undefined).map(toSecret);
  return new Map(secrets.map((secret) => [secret.name, secret]));
}

async function readServiceAccounts(
  cluster: Cluster,
  namespace: string,
  { serviceAccounts, mayPrune }: Reads,
  signal?: AbortSignal,
): Promise<ObservedServiceAccount[]> {
  if (serviceAccounts === 'all' || mayPrune) {
    const listed = await listObjects(cluster, { path: pathOf(namespace, 'serviceaccounts') }, signal);
    return listed.map(toServiceAccount);
  }
  const names = serviceAccounts === 'none' ? [] : serviceAccounts;
  const found = await Promise.all(
    names.map((name) => ifThere(cluster, pathOf(namespace, 'serviceaccounts', name), signal)),
  );
  return found.filter((object) => object !== undefined).map(toServiceAccount);
}

async function ifThere(cluster: Cluster, path: string, signal?: AbortSignal) {
  try {
    return await cluster.send({ method: 'GET', path, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (isTransshipError(error, 'not-found')) return undefined;
    throw error;
  }
}

function pathOf(namespace: string, resource: string, name?: string): string {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}`;
  return name === undefined ? path : `${path}/${encodeURIComponent(name)}`;
}
