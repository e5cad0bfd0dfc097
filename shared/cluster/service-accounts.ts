// ServiceAccounts, as far as Pods get their pull Secrets from them. `imagePullSecrets` is one atomic list, of which apply and merge patches
// would take the entries of others: it is edited by JSON Patch, on the version that was seen and no other.
// https://github.com/kubernetes/kubernetes/issues/91250
import { isTransshipError } from '../errors.ts';
import type { ApiObject, Cluster } from './cluster.ts';
import { readObjects, readText, unexpected } from './json-fields.ts';
import { listPages } from './list-pages.ts';
import { readMetadata } from './object-metadata.ts';

export type ServiceAccount = {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  labels: Readonly<Record<string, string>>;
  /** The names in `imagePullSecrets`, in their order. */
  imagePullSecrets: readonly string[];
};

type Options = { signal?: AbortSignal };
type Seen = Pick<ServiceAccount, 'namespace' | 'name'> & {
  /** What is known of it; absent: it is read first. */
  resourceVersion?: string;
  imagePullSecrets?: readonly string[];
};

/** `unchanged`: it was so already. `missing`: there is no such ServiceAccount (any more). */
export type ReferenceOutcome = 'changed' | 'unchanged' | 'missing';

const MOST_TRIES = 5;

/** In the order of namespace and name, behind `after` (`namespace/name`); one page at a time. @throws TransshipError as `Cluster.send` does */
export async function* listServiceAccounts(
  cluster: Cluster,
  options: Options & { labelSelector?: string; fieldSelector?: string; namespace?: string; after?: string } = {},
): AsyncGenerator<readonly ServiceAccount[]> {
  const { namespace, ...rest } = options;
  const path = namespace === undefined ? '/api/v1/serviceaccounts' : collectionOf(namespace);
  for await (const { items } of listPages(cluster, { path, ...rest })) yield items.map(toServiceAccount);
}

/** @throws TransshipError as `Cluster.send` does, but for not-found */
export async function getServiceAccount(
  cluster: Cluster,
  { namespace, name }: { namespace: string; name: string },
  options: Options = {},
): Promise<ServiceAccount | undefined> {
  try {
    return toServiceAccount(await cluster.send({ method: 'GET', path: pathOf(namespace, name), ...options }));
  } catch (error) {
    if (isTransshipError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Puts the names of Secrets behind the others, as far as they are not there. @throws TransshipError object-conflict where others write all the time; else as `Cluster.send` */
export function attachPullSecrets(
  cluster: Cluster,
  seen: Seen,
  secrets: readonly string[],
  options: Options & { fieldManager: string },
): Promise<ReferenceOutcome> {
  return edit(cluster, seen, options, (names) => {
    const values = secrets.filter((secret) => !names.includes(secret)).map((name) => ({ name }));
    if (names.length > 0) return values.map((value) => ({ op: 'add', path: '/imagePullSecrets/-', value }));
    return values.length === 0 ? [] : [{ op: 'add', path: '/imagePullSecrets', value: values }];
  });
}

/** Takes the names of Secrets out, and no others. @throws TransshipError as `attachPullSecrets` */
export function detachPullSecrets(
  cluster: Cluster,
  seen: Seen,
  secrets: readonly string[],
  options: Options & { fieldManager: string },
): Promise<ReferenceOutcome> {
  return edit(cluster, seen, options, (names) =>
    names
      .flatMap((name, index) => (secrets.includes(name) ? [index] : []))
      // from the end, so that the places before stay what they are
      .toReversed()
      .map((index) => ({ op: 'remove', path: `/imagePullSecrets/${index}` })),
  );
}

type Operation = { op: string; path: string; value?: unknown };

/** Tries on what was seen; where that is outdated, reads and tries again. */
async function edit(
  cluster: Cluster,
  seen: Seen,
  { fieldManager, ...options }: Options & { fieldManager: string },
  operations: (names: readonly string[]) => Operation[],
): Promise<ReferenceOutcome> {
  let { resourceVersion, imagePullSecrets } = seen;
  for (let tried = 1; ; tried += 1) {
    if (resourceVersion === undefined || imagePullSecrets === undefined) {
      const current = await getServiceAccount(cluster, seen, options);
      if (current === undefined) return 'missing';
      ({ resourceVersion, imagePullSecrets } = current);
    }
    const changes = operations(imagePullSecrets);
    if (changes.length === 0) return 'unchanged';
    try {
      await cluster.send({
        method: 'PATCH',
        path: pathOf(seen.namespace, seen.name),
        query: { fieldManager },
        contentType: 'application/json-patch+json',
        body: [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, ...changes],
        view: 'metadata',
        ...options,
      });
      return 'changed';
    } catch (error) {
      if (isTransshipError(error, 'not-found')) return 'missing';
      if (!isOutdated(error) || tried >= MOST_TRIES) throw error;
      [resourceVersion, imagePullSecrets] = [undefined, undefined];
    }
  }
}

/** A `test` that fails is 422, a version that is not the last one 409. */
function isOutdated(error: unknown): boolean {
  if (isTransshipError(error, 'object-conflict')) return true;
  return isTransshipError(error, 'object-refused') && error.details.status === 422;
}

function collectionOf(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts`;
}

function pathOf(namespace: string, name: string): string {
  return `${collectionOf(namespace)}/${encodeURIComponent(name)}`;
}

function toServiceAccount(object: ApiObject): ServiceAccount {
  const { namespace, name, uid, resourceVersion, labels } = readMetadata(object);
  if (namespace === undefined) throw unexpected('a ServiceAccount without a namespace');
  const imagePullSecrets = readObjects(object, 'imagePullSecrets').map((entry) => readText(entry, 'name') ?? '');
  return { namespace, name, uid, resourceVersion, labels, imagePullSecrets };
}
