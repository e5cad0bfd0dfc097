// Reads what Secrets hold, of those that a plan has to know: one by one where they are few, in pages where they are many.
import type { Cluster } from '../cluster/cluster.ts';
import { isTransshipError, type TransshipError } from '../errors.ts';
import { inFlight } from '../cluster/in-flight.ts';
import type { NeededCredentials } from './needed-credentials.ts';
import { listContents, type ObservedAll } from './observe-cluster.ts';
import { readSecrets } from './observe-namespace.ts';
import type { ObservedNamespace, ObservedSecret } from './observed.ts';

type Place = NeededCredentials['contents'][number];
type Options = { signal?: AbortSignal };

/** More Secrets of one name than this are a page or two. */
const MOST_SINGLE = 40;
const IN_FLIGHT = 12;
/** So many that cannot be read, and none that can: then it is the API server. */
const MOST_UNREAD = 10;

/**
 * Puts them into what was observed; what is gone meanwhile goes from it. Gives the namespaces with one that cannot be read, which keep no
 * other from being served.
 * @throws TransshipError as `Cluster.send`, where the API server is not to be had
 */
export async function readContents(
  cluster: Cluster,
  namespaces: ObservedNamespace[],
  needed: readonly Place[],
  options: Options = {},
): Promise<ObservedAll['unread']> {
  const unreadable = new Map<string, TransshipError>();
  let found = 0;
  const places = new Map(namespaces.map((one, index) => [one.name, index]));
  const put = (namespace: string, name: string, secret: ObservedSecret | undefined): void => {
    const index = places.get(namespace);
    const one = index === undefined ? undefined : namespaces[index];
    if (one === undefined || index === undefined) return;
    const secrets = new Map(one.secrets);
    if (secret === undefined) secrets.delete(name);
    else secrets.set(name, secret);
    namespaces[index] = { ...one, secrets };
  };
  const unread = needed.filter(({ namespace, secret }) => {
    const one = namespaces[places.get(namespace) ?? -1];
    return one?.secrets.get(secret)?.content === undefined;
  });
  for (const [name, all] of Map.groupBy(unread, ({ secret }) => secret)) {
    const listed = all.length > MOST_SINGLE ? await listWhole(cluster, name, options) : undefined;
    await inFlight(IN_FLIGHT, all, async ({ namespace }) => {
      if (listed !== undefined) return put(namespace, name, listed.get(namespace)?.get(name));
      try {
        const read = await readOne(cluster, namespace, name, options);
        found += 1;
        if (read !== 'denied') put(namespace, name, read);
      } catch (error) {
        if (!isTransshipError(error, 'cluster-unavailable', 'invalid-response', 'object-refused')) throw error;
        unreadable.set(namespace, error);
        if (found === 0 && unreadable.size >= MOST_UNREAD) throw error;
      }
    });
  }
  return unreadable;
}

/** Undefined where a page of them is too large: a name is anybody's, and so is what stands under it. */
async function listWhole(
  cluster: Cluster,
  name: string,
  options: Options,
): Promise<Awaited<ReturnType<typeof listContents>> | undefined> {
  try {
    return await listContents(cluster, name, options);
  } catch (error) {
    if (isTransshipError(error, 'invalid-response')) return undefined;
    throw error;
  }
}

/** One that may not be read stays as it was seen: the plan says so. */
async function readOne(
  cluster: Cluster,
  namespace: string,
  name: string,
  options: Options,
): Promise<ObservedSecret | 'denied' | undefined> {
  try {
    return (await readSecrets(cluster, namespace, [name], options)).secrets.get(name);
  } catch (error) {
    if (isTransshipError(error, 'denied')) return 'denied';
    throw error;
  }
}
