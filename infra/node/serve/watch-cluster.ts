// Watches the Namespaces and ServiceAccounts of one cluster, and asks for jobs where something new lacks its credentials. What was there
// at the first list is the business of a look at the whole cluster, which is asked for once more where that list came late.
//
//   Namespace, ServiceAccount ─▶ view ─▶ (a moment) ─▶ jobs
//
import type { Deps } from '../../../functions/deps.ts';
import { credentialsJob } from '../../../functions/job-kinds/credentials-job.ts';
import type { AcceptNamespaces } from '../../../functions/namespace-created.ts';
import type { ClusterView } from '../../../functions/namespace-created/cluster-view.ts';
import type { ApiObject, Cluster } from '../../../shared/cluster/cluster.ts';

export type ClusterWatchOptions = {
  deps: Pick<Deps, 'clock' | 'jobs'>;
  acceptNamespaces: AcceptNamespaces;
  view: ClusterView;
  /** Some rule gives references to ServiceAccounts. */
  watchesAccounts: boolean;
  /** It should have begun before: somebody may have looked at the cluster meanwhile, too early for what is new. */
  isLate: boolean;
  /** Ends it. */
  signal: AbortSignal;
  /** Something failed that is tried again. */
  onTrouble: (error: unknown) => void;
};

/** What one change brings with it comes within this time, as the ServiceAccount of a Namespace. */
const MOMENT_MS = 25;
/** So long the job of a new Namespace waits for the ServiceAccounts that come with it: another one would do the same again. */
const YOUNG_MS = 3000;
/** Where nothing can be stored. */
const AGAIN_AFTER_MS = 1000;
/** Of more Namespaces at once the whole cluster is looked at, which costs less. */
const MOST_SINGLE = 200;

/** Resolves when its signal was aborted; failures of the cluster are told and tried again. */
export async function watchCluster(cluster: Cluster, options: ClusterWatchOptions): Promise<void> {
  const { deps, view, acceptNamespaces, watchesAccounts, signal } = options;
  const { clock, jobs } = deps;
  const changed = new Set<string>();
  const { promise: listed, resolve: setListed } = Promise.withResolvers<void>();
  let callOff: (() => void) | undefined;
  let { isLate } = options;
  let isWholeDue = false;
  /** New Namespaces, each with what calls off the end of its youth. */
  const young = new Map<string, () => void>();

  function onTrouble(error: unknown): void {
    isLate = true;
    options.onTrouble(error);
  }

  function soon(ms = MOMENT_MS): void {
    if (signal.aborted) return;
    callOff ??= clock.after(ms, () => {
      callOff = undefined;
      flush().catch((error: unknown) => {
        onTrouble(error);
        soon(AGAIN_AFTER_MS);
      });
    });
  }

  async function flush(): Promise<void> {
    for (const name of view.takeIncomplete(young)) changed.add(name);
    const names = [...changed];
    const isWhole = isWholeDue || names.length > MOST_SINGLE;
    const places = isWhole ? [undefined] : names;
    const asked = places.map((namespace) =>
      jobs.accept(
        credentialsJob({ cluster: cluster.name, trigger: 'watch', ...(namespace === undefined ? {} : { namespace }) }),
      ),
    );
    await Promise.all(asked);
    for (const name of names) changed.delete(name);
    if (isWhole) isWholeDue = false;
  }

  async function followNamespaces(): Promise<void> {
    const { watchNamespaces } = await import('../../../shared/cluster/namespaces.ts');
    let isListed = false;
    for await (const change of watchNamespaces(cluster, { signal, onTrouble })) {
      if (change.kind === 'removed') view.forgetNamespace(change.name);
      else if (change.kind === 'listed') {
        if (!isListed && isLate) {
          isWholeDue = true;
          soon();
        }
        isListed = true;
        setListed();
      } else {
        const { name, uid } = change.namespace;
        const news = view.seeNamespace(change.namespace);
        if (!isListed || news === undefined) continue;
        if (news === 'created') await tellOf(name, uid);
        else changed.add(name);
        soon();
      }
    }
  }

  async function tellOf(name: string, uid: string): Promise<void> {
    const observedAt = clock.now();
    try {
      await acceptNamespaces([
        { kind: 'namespace.created', cluster: cluster.name, name, uid, source: 'watch', observedAt },
      ]);
      young.get(name)?.();
      young.set(
        name,
        clock.after(YOUNG_MS, () => grow(name)),
      );
    } catch (error) {
      onTrouble(error);
      changed.add(name);
    }
  }

  function grow(name: string): void {
    young.delete(name);
    soon();
  }

  async function followServiceAccounts(): Promise<void> {
    const { watchResources } = await import('../../../shared/cluster/watch-resources.ts');
    const toAccount = await readerOfAccounts();
    await Promise.race([listed, whenAborted(signal)]);
    let isListed = false;
    for await (const change of watchResources(cluster, { path: '/api/v1/serviceaccounts', signal, onTrouble })) {
      if ('object' in change) view.seeServiceAccount(toAccount(change.object));
      else if (change.kind === 'removed') view.forgetServiceAccount(change.namespace ?? '', change.name);
      else if (!isListed) {
        isListed = true;
        view.takeIncomplete();
      }
      if (isListed) soon();
    }
  }

  try {
    await Promise.all([followNamespaces(), ...(watchesAccounts ? [followServiceAccounts()] : [])]);
  } finally {
    callOff?.();
    for (const stop of young.values()) stop();
  }
}

async function readerOfAccounts() {
  const [{ readMetadata }, { readObjects, readText }] = await Promise.all([
    import('../../../shared/cluster/object-metadata.ts'),
    import('../../../shared/cluster/json-fields.ts'),
  ]);
  return (object: ApiObject) => {
    const { namespace = '', name, labels } = readMetadata(object);
    const imagePullSecrets = readObjects(object, 'imagePullSecrets').map((entry) => readText(entry, 'name') ?? '');
    return { namespace, name, labels, imagePullSecrets };
  };
}

function whenAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
