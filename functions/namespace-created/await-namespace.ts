// The wait in front of the job of a new Namespace, and in it for its ServiceAccounts: a review comes before the Namespace is stored, which
// somebody else may still refuse, and the controller that makes the `default` ServiceAccount needs a moment more.
//
//   not there ─▶ looked for again, soon and less and less often ─▶ given up quietly
//   there ─▶ refresh ─▶ ServiceAccounts missing? ─▶ waited for ─▶ refresh once more
//
import { getNamespace } from '../../shared/cluster/namespaces.ts';
import { getServiceAccount } from '../../shared/cluster/service-accounts.ts';
import type { Cluster } from '../../shared/cluster/cluster.ts';
import type { Config } from '../../shared/config/config.ts';
import { selectsNamespace } from '../../shared/credentials/selects-namespace.ts';
import { isTransshipError, TransshipError } from '../../shared/errors.ts';
import type { JobContext, JobHandler, JobOutcome } from '../../shared/jobs/handler.ts';
import { credentialRules } from '../access/credential-rules.ts';
import type { Deps } from '../deps.ts';
import { credentialsPayload } from '../job-kinds/credentials-job.ts';

type Waiting = Pick<Deps, 'clock' | 'clusters' | 'config' | 'grants'>;

const FIRST_DELAY_MS = 15;
const LONGEST_DELAY_MS = 500;
/** So long a job waits in its place. */
const AT_ONCE_MS = 3000;
/** So long it comes back: other webhooks may take their time about the same review. */
const IN_ALL_MS = 30_000;
const COME_BACK_MS = 2000;

/** The same handler for jobs of Namespaces that were told of; others pass as they are. */
export function awaitingNamespace(deps: Waiting, refresh: JobHandler): JobHandler {
  return async (context) => {
    const payload = credentialsPayload.safeParse(context.job.payload).data;
    const { cluster: clusterName, namespace, trigger } = payload ?? {};
    const isKnown = clusterName !== undefined && deps.clusters().names.includes(clusterName);
    if (!isKnown || namespace === undefined || trigger !== 'namespace') return refresh(context);
    const cluster = await deps.clusters().get(clusterName);
    const found = await awaitNamespace(deps, context, cluster, namespace);
    if (!('labels' in found)) return found.outcome;
    return refreshTwice(deps, context, refresh, { cluster, ...found, name: namespace });
  };
}

/**
 * Waits for a Namespace that was announced; where it does not come, what its job ends in.
 * @throws TransshipError not-found, retryable: it may still come
 */
export async function awaitNamespace(
  deps: Pick<Deps, 'clock'>,
  { job, ending, signal }: JobContext,
  cluster: Cluster,
  name: string,
): Promise<Found | { outcome: JobOutcome }> {
  const stopping = AbortSignal.any([ending, signal]);
  const found = await soon(deps, stopping, () => lookFor(cluster, name, stopping));
  if (found !== undefined) return found;
  if (ending.aborted) return { outcome: 'yield' };
  const waitedMs = deps.clock.now().getTime() - job.acceptedAt.getTime();
  if (waitedMs >= IN_ALL_MS || job.attempts >= job.maxAttempts) {
    return { outcome: { result: { state: 'namespace-gone', namespace: name } } };
  }
  throw notThereYet(name);
}

type Found = { labels: Readonly<Record<string, string>> };

/** An identity that may not look at Namespaces is told of them all the same. */
async function lookFor(cluster: Cluster, name: string, signal: AbortSignal): Promise<Found | undefined> {
  try {
    return await getNamespace(cluster, name, { signal });
  } catch (error) {
    if (isTransshipError(error, 'denied')) return { labels: {} };
    throw error;
  }
}

async function refreshTwice(
  deps: Waiting,
  context: JobContext,
  refresh: JobHandler,
  { cluster, name, labels }: Found & { cluster: Cluster; name: string },
): Promise<JobOutcome> {
  const awaited = awaitedAccounts({ credentials: await credentialRules(deps) }, cluster.name, { name, labels });
  const isThere = (signal: AbortSignal) => areThere(cluster, name, awaited, signal);
  const signal = AbortSignal.any([context.ending, context.signal]);
  const wasComplete = await isThere(signal);
  const outcome = await refresh(context);
  const isDone = typeof outcome !== 'string' && !('error' in outcome);
  if (wasComplete || !isDone) return outcome;
  const hasCome = await soon(deps, signal, async () => ((await isThere(signal)) ? true : undefined));
  return hasCome === true ? refresh(context) : outcome;
}

/** The ServiceAccounts that a new Namespace will have and that rules name. */
function awaitedAccounts(
  { credentials }: Pick<Config, 'credentials'>,
  cluster: string,
  namespace: Found & { name: string },
): string[] {
  const names = credentials
    .filter((rule) => rule.clusters.includes(cluster) && selectsNamespace(rule.namespaces, namespace))
    .flatMap(({ serviceAccounts }) => {
      if (serviceAccounts === 'all') return ['default'];
      return typeof serviceAccounts === 'object' && 'names' in serviceAccounts ? serviceAccounts.names : [];
    });
  // others come with whatever is installed there, sooner or later
  return names.includes('default') ? ['default'] : [];
}

async function areThere(
  cluster: Cluster,
  namespace: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const found = await Promise.all(names.map((name) => getServiceAccount(cluster, { namespace, name }, { signal })));
  return !found.includes(undefined);
}

/** What the look finds, within some seconds; undefined where it finds nothing in them. */
async function soon<Value>(
  { clock }: Pick<Deps, 'clock'>,
  signal: AbortSignal,
  look: () => Promise<Value | undefined>,
): Promise<Value | undefined> {
  const untilMs = clock.now().getTime() + AT_ONCE_MS;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
    const found = await look();
    if (found !== undefined || signal.aborted || clock.now().getTime() >= untilMs) return found;
    await pause(clock, delayMs, signal);
  }
}

function pause(clock: Deps['clock'], ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const callOff = clock.after(ms, resolve);
  const stop = (): void => {
    callOff();
    resolve();
  };
  signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', stop));
}

function notThereYet(namespace: string): TransshipError {
  return new TransshipError('not-found', `the namespace ${namespace} was announced and is not there yet`, {
    retryable: true,
    retryAfterMs: COME_BACK_MS,
    hint: 'somebody may have refused it; it is looked for again for half a minute',
  });
}
