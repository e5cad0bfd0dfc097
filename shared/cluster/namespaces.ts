// The namespaces of a cluster: as they are, and as they come and go.
import { isTransshipError } from '../errors.ts';
import type { ApiObject, Cluster } from './cluster.ts';
import { listPages } from './list-pages.ts';
import { readMetadata } from './object-metadata.ts';
import { watchResources, type WatchRequest } from './watch-resources.ts';

const NAMESPACES = '/api/v1/namespaces';

export type Namespace = {
  name: string;
  uid: string;
  resourceVersion: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** It is being removed: nothing can be made in it. */
  isTerminating: boolean;
};

export type NamespaceChange =
  | { kind: 'added' | 'changed'; namespace: Namespace }
  | { kind: 'removed'; name: string }
  | { kind: 'listed' };

/** In the order of their names, behind `after`; one page at a time. @throws TransshipError as `Cluster.send` does */
export async function* listNamespaces(
  cluster: Cluster,
  options: { labelSelector?: string; after?: string; signal?: AbortSignal } = {},
): AsyncGenerator<readonly Namespace[]> {
  for await (const { items } of listPages(cluster, { path: NAMESPACES, view: 'metadata', ...options })) {
    yield items.map(toNamespace);
  }
}

/** @throws TransshipError as `Cluster.send` does, but for not-found */
export async function getNamespace(
  cluster: Cluster,
  name: string,
  options: { signal?: AbortSignal } = {},
): Promise<Namespace | undefined> {
  const path = `${NAMESPACES}/${encodeURIComponent(name)}`;
  try {
    return toNamespace(await cluster.send({ method: 'GET', path, view: 'metadata', ...options }));
  } catch (error) {
    if (isTransshipError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Those that are there first, then what changes; ends with its signal. */
export async function* watchNamespaces(
  cluster: Cluster,
  options: Omit<WatchRequest, 'path' | 'view'>,
): AsyncGenerator<NamespaceChange> {
  for await (const change of watchResources(cluster, { ...options, path: NAMESPACES, view: 'metadata' })) {
    if (!('object' in change)) yield change;
    else yield { kind: change.kind, namespace: toNamespace(change.object) };
  }
}

function toNamespace(object: ApiObject): Namespace {
  const { deletedAt, name, uid, resourceVersion, labels, annotations } = readMetadata(object);
  return { name, uid, resourceVersion, labels, annotations, isTerminating: deletedAt !== undefined };
}
