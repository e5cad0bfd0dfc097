// Whether any API of a cluster serves a resource. An access review answers for names that nobody serves, too, and says nothing of it.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
// https://github.com/kubernetes/kubernetes/issues/63791
import { isTransshipError } from '../errors.ts';
import type { ApiObject, Cluster } from './cluster.ts';
import { readObjects, readText, requireText } from './json-fields.ts';

type Options = { signal?: AbortSignal };

/**
 * In any version of its group.
 * @param resource plural; of `imagestreams/layers` only `imagestreams` is looked for, as kubectl does
 * @throws TransshipError cluster-unavailable where the server behind the group is away: that is no answer; else as `Cluster.send`
 */
export async function isResourceServed(
  cluster: Cluster,
  { group, resource }: { group: string; resource: string },
  options: Options = {},
): Promise<boolean> {
  const [plural] = resource.split('/');
  for (const groupVersion of await versionsOf(cluster, group, options)) {
    const root = group === '' ? '/api' : '/apis';
    const list = await getIfThere(cluster, `${root}/${groupVersion}`, options);
    if (list !== undefined && readObjects(list, 'resources').some((one) => readText(one, 'name') === plural)) {
      return true;
    }
  }
  return false;
}

/** The preferred one first. */
async function versionsOf(cluster: Cluster, group: string, options: Options): Promise<string[]> {
  if (group === '') return ['v1'];
  const found = await getIfThere(cluster, `/apis/${encodeURIComponent(group)}`, options);
  return found === undefined ? [] : readObjects(found, 'versions').map((one) => requireText(one, 'groupVersion'));
}

async function getIfThere(cluster: Cluster, path: string, options: Options): Promise<ApiObject | undefined> {
  try {
    return await cluster.send({ method: 'GET', path, ...options });
  } catch (error) {
    if (isTransshipError(error, 'not-found')) return undefined;
    throw error;
  }
}
