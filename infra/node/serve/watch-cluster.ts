// Watches the Namespaces and ServiceAccounts of one cluster, and asks for jobs where something new lacks its credentials, or a Namespace
// calls for a look at grants. What was there at the first list is the business of a look at all, which is asked for once more where that
// list came late.
//
//   Namespace, ServiceAccount ─▶ views ─▶ (a moment) ─▶ jobs
//
import type { Deps } from '../../../functions/deps.ts';
import { credentialsJob } from '../../../functions/job-kinds/credentials-job.ts';
import { grantsJob } from '../../../functions/job-kinds/grants-job.ts';
import type { AcceptNamespaces } from '../../../functions/namespace-created.ts';
import type { GrantsView } from '../../../functions/namespace-created/grants-view.ts';
import type { ClusterView } from '../../../functions/namespace-created/cluster-view.ts';
import type { ApiObject, Cluster } from '../../../shared/cluster/cluster.ts';
import type { NewJob } from '../../../shared/jobs/job.ts';

export type ClusterWatchOptions = {
  deps: Pick<Deps, 'clock' | 'jobs'>;
  acceptNamespaces: AcceptNamespaces;
  view: ClusterView;
  grants: GrantsView;
  /** Some rule brings credentials to this cluster. */
  hasRules: boolean;
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
  const { deps, view, grants, acceptNamespaces, watchesAccounts, signal } = options;
  const { clock, jobs } = deps;
  /** Namespaces that lack credentials, and those that call for a look at grants. */
  const changed = new Set<string>();
  const regranted = new Set<string>();
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
    const [lacking, granted, isWhole] = [[...changed], [...regranted], isWholeDue];
    const wanted = [
      ...jobsFor(lacking, isWhole && options.hasRules, (namespace) =>
        credentialsJob({ cluster: cluster.name, trigger: 'watch', ...(namespace === undefined ? {} : { namespace }) }),
      ),
      ...jobsFor(granted, isWhole && grants.isAwaited(), (name) =>
        grantsJob({ trigger: 'watch', ...(name === undefined ? {} : { namespace: { cluster: cluster.name, name } }) }),
      ),
    ];
    await Promise.all(wanted.map((job) => jobs.accept(job)));
    for (const name of lacking) changed.delete(name);
    for (const name of granted) regranted.delete(name);
    if (isWhole) isWholeDue = false;
  }

  async function followNamespaces(): Promise<void> {
    const { watchNamespaces } = await import('../../../shared/cluster/namespaces.ts');
    let isListed = false;
    for await (const change of watchNamespaces(cluster, { signal, onTrouble })) {
      if (change.kind === 'removed') forget(change.name);
      else if (change.kind === 'listed') {
        if (!isListed && isLate) {
          isWholeDue = true;
          soon();
        }
        isListed = true;
        setListed();
      } else await see(change.namespace, isListed);
    }
  }

  async function see(namespace: Parameters<ClusterView['seeNamespace']>[0], isListed: boolean): Promise<void> {
    const { name, uid } = namespace;
    const news = [view.seeNamespace(namespace), grants.seeNamespace(namespace)] as const;
    if (!isListed || news.every((one) => one === undefined)) return;
    if (news.includes('created')) await tellOf(name, uid);
    if (news[0] === 'changed') changed.add(name);
    if (news[1] === 'changed') regranted.add(name);
    soon();
  }

  function forget(name: string): void {
    view.forgetNamespace(name);
    if (!grants.forgetNamespace(name)) return;
    regranted.add(name);
    soon();
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
      regranted.add(name);
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

/** One for each Namespace; of many at once, or where all is due, one for all. */
function jobsFor(names: readonly string[], isWhole: boolean, jobFor: (namespace?: string) => NewJob): NewJob[] {
  return isWhole || names.length > MOST_SINGLE ? [jobFor()] : names.map((name) => jobFor(name));
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
