// Turns reports of new Namespaces into jobs that bring them their credentials. Everything is durable when it resolves; nobody is asked
// anything, because the sender waits: an API server does not even store the Namespace before it has its answer.
import type { NamespaceCreated } from '../shared/events/namespaces/namespace-event.ts';
import type { Deps } from './deps.ts';
import { credentialsJob } from './job-kinds/credentials-job.ts';
import { concernsNamespace } from './namespace-created/concerns-namespace.ts';

type Intake = Pick<Deps, 'clock' | 'config' | 'jobs' | 'logger' | 'metrics'>;

/**
 * Accepts a job for each Namespace that a rule may select; resolves to their ids.
 * @throws TransshipError store-unavailable: the sender shall come again
 */
export type AcceptNamespaces = (events: readonly NamespaceCreated[]) => Promise<string[]>;

/** What tells of one Namespace comes within this time: its review, the watch, an event. */
const MOMENT_MS = 2000;
/** Namespaces of one request that get a job each. */
const MOST_SINGLE = 200;
/** Namespaces that are remembered. */
const MOST_TOLD = 10_000;

type Told = { jobId: Promise<string>; uid: string | undefined; atMs: number };

/** Reports of the same Namespace within a moment give one job; in memory only, because one too many does no harm. */
export function namespaceIntake(deps: Intake): AcceptNamespaces {
  const { clock, config, jobs, logger, metrics } = deps;
  // who was told of last stands last
  const told = new Map<string, Told>();

  function forgetOld(nowMs: number): void {
    for (const [place, { atMs }] of told) {
      if (nowMs - atMs < MOMENT_MS && told.size <= MOST_TOLD) return;
      told.delete(place);
    }
  }

  function isSame({ uid, source }: NamespaceCreated, before: Told): boolean {
    // made anew, it has another one; before it is made, it may have none
    return uid === undefined || before.uid === undefined ? source !== 'admission' : uid === before.uid;
  }

  async function acceptOne(event: NamespaceCreated): Promise<string | undefined> {
    const { cluster, name, uid, source } = event;
    const fields = { source, cluster, namespace: name };
    if (!concernsNamespace(config(), cluster, { name })) {
      metrics.count('transship_namespace_events_total', { source, outcome: 'no-rule' });
      logger.debug('no rule selects a new namespace', fields);
      return undefined;
    }
    const nowMs = clock.now().getTime();
    forgetOld(nowMs);
    const place = `${cluster}/${name}`;
    const before = told.get(place);
    if (before !== undefined && isSame(event, before)) {
      metrics.count('transship_namespace_events_total', { source, outcome: 'repeated' });
      return before.jobId;
    }
    const accepting = jobs.accept(credentialsJob({ cluster, namespace: name, trigger: 'namespace' }));
    const jobId = accepting.then(({ id }) => id);
    told.delete(place);
    told.set(place, { jobId, uid, atMs: nowMs });
    try {
      const id = await jobId;
      metrics.count('transship_namespace_events_total', { source, outcome: 'accepted' });
      logger.info('a namespace was created', { ...fields, job_id: id });
      return id;
    } catch (error) {
      told.delete(place);
      throw error;
    }
  }

  /** Of more at once the whole cluster is looked at, which costs less. */
  async function acceptMany(events: readonly NamespaceCreated[]): Promise<(string | undefined)[]> {
    const wanted = events.filter(({ cluster, name }) => concernsNamespace(config(), cluster, { name }));
    const [first] = wanted;
    if (first === undefined || wanted.length <= MOST_SINGLE) return Promise.all(events.map(acceptOne));
    const { cluster, source } = first;
    const { id } = await jobs.accept(credentialsJob({ cluster, trigger: 'namespace' }));
    metrics.count('transship_namespace_events_total', { source, outcome: 'accepted' }, wanted.length);
    logger.info('many namespaces were created', { source, cluster, namespaces: wanted.length, job_id: id });
    return [id];
  }

  return async (events) => {
    const byCluster = Map.groupBy(events, ({ cluster }) => cluster);
    const ids = await Promise.all([...byCluster.values()].map(acceptMany));
    return [...new Set(ids.flat().filter((id) => id !== undefined))];
  };
}
