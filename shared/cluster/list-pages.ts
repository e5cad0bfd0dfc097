// Lists in pages. A server forgets the state that a list shows after some minutes (410): the list then begins anew and leaves out what was
// told already, which the order of lists allows.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
import { isTransshipError } from '../errors.ts';
import type { ApiObject, Cluster, ClusterRequest } from './cluster.ts';
import { readObject, readObjects, readText, unexpected } from './json-fields.ts';
import { placeInList } from './object-metadata.ts';

export type ListRequest = {
  /** Of the collection. */
  path: string;
  labelSelector?: string;
  /** By name: `metadata.name=default`. */
  fieldSelector?: string;
  view?: NonNullable<ClusterRequest['view']>;
  pageSize?: number;
  /** The place of the last one that is known already, as `lastPlace` of a page tells it: only what stands behind it is told. */
  after?: string;
  signal?: AbortSignal;
};

export type ListPage = {
  items: readonly ApiObject[];
  /** Of the whole list: where a watch goes on. */
  resourceVersion: string;
  /** `namespace/name` or the name of the last one so far; undefined where there was none. */
  lastPlace: string | undefined;
};

const PAGE_SIZE = 500;
const MOST_RESTARTS = 3;

/** @throws TransshipError as `Cluster.send` does; list-expired where it expires again and again */
export async function* listPages(cluster: Cluster, request: ListRequest): AsyncGenerator<ListPage> {
  let lastPlace = request.after;
  let known = lastPlace;
  let next: string | undefined;
  for (let restarts = 0; ;) {
    let list: ApiObject;
    try {
      list = await sendFor(cluster, request, next);
    } catch (error) {
      if (!isTransshipError(error, 'list-expired') || next === undefined || restarts >= MOST_RESTARTS) throw error;
      restarts += 1;
      [next, known] = [undefined, lastPlace];
      continue;
    }
    const skipTo = known;
    const items = readObjects(list, 'items').filter((item) => skipTo === undefined || placeInList(item) > skipTo);
    const last = items.at(-1);
    if (last !== undefined) lastPlace = placeInList(last);
    const metadata = readObject(list, 'metadata') ?? {};
    yield { items, resourceVersion: versionOf(metadata), lastPlace };
    next = readText(metadata, 'continue');
    if (next === undefined || next === '') return;
  }
}

function sendFor(cluster: Cluster, request: ListRequest, next: string | undefined): Promise<ApiObject> {
  const { path, labelSelector, fieldSelector, view, pageSize = PAGE_SIZE, signal } = request;
  return cluster.send({
    method: 'GET',
    path,
    query: {
      limit: String(pageSize),
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
      ...(next !== undefined && { continue: next }),
    },
    ...(view !== undefined && { view }),
    ...(signal !== undefined && { signal }),
  });
}

function versionOf(metadata: ApiObject): string {
  const version = readText(metadata, 'resourceVersion');
  if (version !== undefined) return version;
  throw unexpected('a list without a resourceVersion');
}
