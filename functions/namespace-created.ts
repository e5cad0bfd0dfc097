// Turns reports of new Namespaces into jobs that bring them their credentials, and what grants say of them. Everything is durable when it
// resolves; nobody but the store is asked anything, because the sender waits: an API server does not even store the Namespace before it
// has its answer.
import type { CredentialRuleConfig } from '../shared/config/config.ts';
import type { NamespaceCreated } from '../shared/events/namespaces/namespace-event.ts';
import type { PullGrant } from '../shared/grants/grant.ts';
import type { NewJob } from '../shared/jobs/job.ts';
import { credentialRules } from './access/credential-rules.ts';
import type { Deps } from './deps.ts';
import { credentialsJob } from './job-kinds/credentials-job.ts';
import { grantsJob } from './job-kinds/grants-job.ts';
import { concernsGrants } from './namespace-created/concerns-grants.ts';
import { concernsNamespace } from './namespace-created/concerns-namespace.ts';
import { currentGrants } from './reconcile-grants/current-grants.ts';

type Intake = Pick<Deps, 'clock' | 'config' | 'grants' | 'jobs' | 'logger' | 'metrics'>;

/**
 * Accepts jobs for each Namespace that a rule or a grant may select; resolves to their ids.
 * @throws TransshipError store-unavailable: the sender shall come again
 */
export type AcceptNamespaces = (events: readonly NamespaceCreated[]) => Promise<string[]>;

/** What tells of one Namespace comes within this time: its review, the watch, an event. */
const MOMENT_MS = 2000;
/** Namespaces of one request that get a job each. */
const MOST_SINGLE = 200;
/** Namespaces that are remembered. */
const MOST_TOLD = 10_000;

/** What may mean a Namespace. */
type Wanting = { grants: readonly PullGrant[]; credentials: readonly CredentialRuleConfig[] };

type Told = { jobIds: Promise<string[]>; uid: string | undefined; atMs: number };

/** Reports of the same Namespace within a moment give the same jobs; in memory only, because one too many does no harm. */
export function namespaceIntake(deps: Intake): AcceptNamespaces {
  const { clock, jobs, logger, metrics } = deps;
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

  /** One for its credentials, one for grants; neither where nobody means it. */
  function jobsFor(name: string, cluster: string, { grants, credentials }: Wanting): NewJob[] {
    const trigger = 'namespace';
    const wanted: NewJob[] = [];
    if (concernsNamespace({ credentials }, cluster, { name })) {
      wanted.push(credentialsJob({ cluster, namespace: name, trigger }));
    }
    if (concernsGrants(grants, cluster, { name })) wanted.push(grantsJob({ namespace: { cluster, name }, trigger }));
    return wanted;
  }

  async function acceptOne(event: NamespaceCreated, wanted: readonly NewJob[]): Promise<string[]> {
    const { cluster, name, uid, source } = event;
    const fields = { source, cluster, namespace: name };
    if (wanted.length === 0) {
      metrics.count('transship_namespace_events_total', { source, outcome: 'no-rule' });
      logger.debug('no rule selects a new namespace', fields);
      return [];
    }
    const nowMs = clock.now().getTime();
    forgetOld(nowMs);
    const place = `${cluster}/${name}`;
    const before = told.get(place);
    if (before !== undefined && isSame(event, before)) {
      metrics.count('transship_namespace_events_total', { source, outcome: 'repeated' });
      return before.jobIds;
    }
    const jobIds = acceptAll(wanted);
    told.delete(place);
    told.set(place, { jobIds, uid, atMs: nowMs });
    try {
      const ids = await jobIds;
      metrics.count('transship_namespace_events_total', { source, outcome: 'accepted' });
      logger.info('a namespace was created', { ...fields, job_id: ids.join(' ') });
      return ids;
    } catch (error) {
      told.delete(place);
      throw error;
    }
  }

  async function acceptAll(wanted: readonly NewJob[]): Promise<string[]> {
    const accepted = await Promise.all(wanted.map((job) => jobs.accept(job)));
    return accepted.map(({ id }) => id);
  }

  /** Of more at once the whole cluster is looked at, which costs less. */
  async function acceptMany(events: readonly NamespaceCreated[], wanting: Wanting): Promise<string[]> {
    const asked = events.map((event) => ({ event, wanted: jobsFor(event.name, event.cluster, wanting) }));
    const concerned = asked.filter(({ wanted }) => wanted.length > 0);
    const [first] = concerned;
    if (first === undefined || concerned.length <= MOST_SINGLE) {
      return (await Promise.all(asked.map(({ event, wanted }) => acceptOne(event, wanted)))).flat();
    }
    const { cluster, source } = first.event;
    const kinds = new Set(concerned.flatMap(({ wanted }) => wanted.map(({ kind }) => kind)));
    const whole = [credentialsJob({ cluster, trigger: 'namespace' }), grantsJob({ trigger: 'namespace' })];
    const ids = await acceptAll(whole.filter(({ kind }) => kinds.has(kind)));
    metrics.count('transship_namespace_events_total', { source, outcome: 'accepted' }, concerned.length);
    const fields = { source, cluster, namespaces: concerned.length, job_id: ids.join(' ') };
    logger.info('many namespaces were created', fields);
    return ids;
  }

  return async (events) => {
    const wanting = { grants: await currentGrants(deps), credentials: await credentialRules(deps) };
    const byCluster = Map.groupBy(events, ({ cluster }) => cluster);
    const ids = await Promise.all([...byCluster.values()].map((each) => acceptMany(each, wanting)));
    return [...new Set(ids.flat())];
  };
}
