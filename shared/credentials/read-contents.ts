// Reads what Secrets hold, of those that a plan has to know: one by one where they are few, in pages where they are many.
import type { Cluster } from '../cluster/cluster.ts';
import { isTransshipError } from '../errors.ts';
import { inFlight } from './in-flight.ts';
import type { NeededCredentials } from './needed-credentials.ts';
import { listContents } from './observe-cluster.ts';
import { readSecrets } from './observe-namespace.ts';
import type { ObservedNamespace, ObservedSecret } from './observed.ts';

type Place = NeededCredentials['contents'][number];
type Options = { signal?: AbortSignal };

/** More Secrets of one name than this are a page or two. */
const MOST_SINGLE = 40;
const IN_FLIGHT = 12;

/** Puts them into what was observed; what is gone meanwhile goes from it. @throws TransshipError as `Cluster.send` */
export async function readContents(
  cluster: Cluster,
  namespaces: ObservedNamespace[],
  needed: readonly Place[],
  options: Options = {},
): Promise<void> {
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
    const listed = all.length > MOST_SINGLE ? await listContents(cluster, name, options) : undefined;
    await inFlight(IN_FLIGHT, all, async ({ namespace }) => {
      if (listed !== undefined) return put(namespace, name, listed.get(namespace)?.get(name));
      const read = await readOne(cluster, namespace, name, options);
      if (read !== 'denied') put(namespace, name, read);
    });
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
    return (await readSecrets(cluster, namespace, [name], options)).get(name);
  } catch (error) {
    if (isTransshipError(error, 'denied')) return 'denied';
    throw error;
  }
}
