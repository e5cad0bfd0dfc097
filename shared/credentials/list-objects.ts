// Lists objects of a cluster page by page. https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
import type { ApiObject, Cluster, ClusterRequest } from '../cluster/cluster.ts';
import { readObject, readObjects, readText } from '../cluster/json-fields.ts';
import { isTransshipError } from '../errors.ts';

const PAGE_SIZE = 500;
/** A place in a list is forgotten after some minutes: then it begins anew. */
const MOST_BEGINNINGS = 3;

/** All that there is. @throws TransshipError as `Cluster.send` */
export async function listObjects(
  cluster: Cluster,
  request: Pick<ClusterRequest, 'path' | 'query' | 'view'>,
  signal?: AbortSignal,
): Promise<ApiObject[]> {
  for (let beginning = 1; ; beginning += 1) {
    try {
      return await listOnce(cluster, request, signal);
    } catch (error) {
      if (beginning >= MOST_BEGINNINGS || !isTransshipError(error, 'list-expired')) throw error;
    }
  }
}

async function listOnce(
  cluster: Cluster,
  { path, query, view }: Pick<ClusterRequest, 'path' | 'query' | 'view'>,
  signal?: AbortSignal,
): Promise<ApiObject[]> {
  const all: ApiObject[] = [];
  for (let next = ''; ;) {
    const page = await cluster.send({
      method: 'GET',
      path,
      query: { ...query, limit: String(PAGE_SIZE), ...(next === '' ? {} : { continue: next }) },
      ...(view === undefined ? {} : { view }),
      ...(signal === undefined ? {} : { signal }),
    });
    all.push(...readObjects(page, 'items'));
    next = readText(readObject(page, 'metadata') ?? {}, 'continue') ?? '';
    if (next === '') return all;
  }
}
