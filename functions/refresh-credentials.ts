// The worker of credentials jobs: brings a cluster, or one namespace of it, to what the rules want, and asks for the next run at the time
// at which something is due again.
//
//   prepare ─▶ distribute ─▶ tell ─▶ next job: a credential is due, or what failed is tried again
//
import type { CredentialRuleConfig } from '../shared/config/config.ts';
import type { DistributionReport } from '../shared/credentials/distribution-report.ts';
import type { Verdicts } from '../shared/credentials/verified-credentials.ts';
import { isTransshipError, TransshipError } from '../shared/errors.ts';
import { growingWaits, type GrowingWaits } from '../shared/jobs/growing-waits.ts';
import type { JobContext, JobHandler, JobOutcome } from '../shared/jobs/handler.ts';
import { credentialRules, credentialRulesAt } from './access/credential-rules.ts';
import type { Deps } from './deps.ts';
import {
  CREDENTIALS,
  credentialsJob,
  credentialsPayload,
  type CredentialsPayload,
} from './job-kinds/credentials-job.ts';
import { nextRefresh } from './refresh-credentials/next-refresh.ts';
import { placeOf, toCheckpoint } from './refresh-credentials/refresh-cursor.ts';
import { reportJson } from './refresh-credentials/report-json.ts';
import { distributePrepared, prepareDistribution } from './refresh-credentials/run-distribution.ts';
import { countWrites, eventTeller, logReport, measureCluster } from './refresh-credentials/tell-distribution.ts';

const CHECKPOINT_EVERY_MS = 1000;
/** What could not be written is tried again after so long, and later each time. */
const FAILED_MS = 60_000;
/** The cluster is not to be reached: the next run of the chain, after the last try of this one. */
const LOST_MS = 60_000;

/** @param random gives 0 to 1 */
export function refreshCredentials(deps: Deps, random: () => number = Math.random): JobHandler {
  const verdicts: Verdicts = new WeakMap();
  const waits = growingWaits(FAILED_MS, random);
  const tellEvents = eventTeller();
  return async (context) => {
    const payload = payloadOf(context.job.payload);
    const { cluster, rule } = payload;
    if (!deps.clusters().names.includes(cluster)) return { result: { state: 'cluster-gone', cluster } };
    const { namespace } = payload;
    const rules = await (namespace === undefined
      ? credentialRules(deps)
      : credentialRulesAt(deps, { cluster, namespace }));
    if (rule !== undefined && !rules.some(({ name }) => name === rule)) {
      return { result: { state: 'rule-gone', rule } };
    }
    try {
      return await refresh({ deps, context, payload, rules, verdicts, waits, tellEvents });
    } catch (error) {
      await keepChain(deps, context, payload, error);
      throw error;
    }
  };
}

type Refresh = {
  deps: Deps;
  context: JobContext;
  payload: CredentialsPayload;
  rules: readonly CredentialRuleConfig[];
  verdicts: Verdicts;
  waits: GrowingWaits;
  tellEvents: ReturnType<typeof eventTeller>;
};

async function refresh({ deps, context, payload, rules, verdicts, waits, tellEvents }: Refresh): Promise<JobOutcome> {
  const { clock, metrics, jobs } = deps;
  const { job, ending, signal } = context;
  const { rule, namespace, trigger, force: isForced = false } = payload;
  const { instance } = deps.config();
  const logger = deps.logger.with({
    function: 'refresh-credentials',
    job_id: job.id,
    cluster: payload.cluster,
    ...(namespace === undefined ? {} : { namespace }),
  });
  const cluster = await deps.clusters().get(payload.cluster);
  const run = await prepareDistribution(deps, {
    cluster,
    rules,
    isForced,
    ...(rule === undefined ? {} : { rule }),
    ...(namespace === undefined ? {} : { namespace }),
    renewsEndless: trigger === 'config',
    verdicts,
    signal,
  });

  const keep = checkpoints(context, () => clock.now().getTime(), rule);
  const after = placeOf(job.checkpoint, job.id);
  const distribution = await distributePrepared(deps, {
    cluster,
    run,
    ...(after === undefined ? {} : { after }),
    ending,
    signal,
    onPlace: (lastNamespace) => keep.soon(lastNamespace),
  });
  const { report, isComplete, lastNamespace } = distribution;
  logReport(report, logger);
  countWrites(report, cluster.name, metrics);
  if (!isComplete) {
    if (lastNamespace !== undefined) await keep.now(lastNamespace);
    return 'yield';
  }
  await tellEvents(report, cluster, instance, logger);
  const isWhole = namespace === undefined && rule === undefined;
  if (isWhole) measureCluster(report, { cluster: cluster.name, asked: run.asked.keys(), metrics });

  const nextAt = nextRefresh(report, clock.now(), cluster.now(), failedAt(report, payload, clock.now(), waits));
  // A namespace is part of a cluster that is looked at anyway: only what it alone waits for is asked for.
  if (nextAt !== undefined && (namespace === undefined || report.providers.length > 0)) {
    await jobs.accept(credentialsJob({ cluster: cluster.name, trigger: 'schedule' }, { runAt: nextAt }));
  }
  const result = { cluster: cluster.name, ...reportJson(distribution, nextAt) };
  const [failure] = report.failures.first;
  if (failure === undefined) return { result: { state: 'done', ...result } };
  if (namespace === undefined || !failure.error.retryable) return { result: { state: 'partly', ...result } };
  return { error: failure.error, result: { state: 'failed', ...result } };
}

/** Undefined: all was written. A part of the cluster says nothing of the rest. */
function failedAt(
  { failures }: DistributionReport,
  { cluster, namespace, rule, trigger }: CredentialsPayload,
  now: Date,
  waits: GrowingWaits,
): Date | undefined {
  if (trigger === 'config' || trigger === 'api') waits.forget();
  if (failures.count > 0)
    return waits.failed(
      cluster,
      failures.first.map(({ namespace: where, object }) => `${where}/${object}`),
      now,
    );
  if (namespace === undefined && rule === undefined) waits.passed(cluster);
  return undefined;
}

/** As often as a store likes it; what is lost of it is done again, which writes nothing. */
function checkpoints({ job, checkpoint }: JobContext, now: () => number, rule: string | undefined) {
  let lastMs = now();
  const write = (lastNamespace: string): Promise<void> =>
    checkpoint(toCheckpoint({ generation: job.id, lastNamespace, ...(rule === undefined ? {} : { rule }) }));
  return {
    now: write,
    soon(lastNamespace: string): void {
      if (now() - lastMs < CHECKPOINT_EVERY_MS) return;
      lastMs = now();
      // Who has lost the job is told so by its signal.
      write(lastNamespace).catch(() => undefined);
    },
  };
}

/** The last try of a job leaves a next one, so that a cluster that was away for hours is not forgotten. */
async function keepChain(
  { jobs, clock }: Deps,
  { job, signal }: JobContext,
  { cluster, namespace }: CredentialsPayload,
  error: unknown,
): Promise<void> {
  const mayPass = !isTransshipError(error) || error.retryable;
  if (job.attempts < job.maxAttempts || !mayPass || namespace !== undefined || signal.aborted) return;
  const runAt = new Date(clock.now().getTime() + LOST_MS);
  // The error itself is what has to be told; the schedule of the cluster is there as well.
  await jobs.accept(credentialsJob({ cluster, trigger: 'schedule' }, { runAt })).catch(() => undefined);
}

/** @throws TransshipError invalid-job */
function payloadOf(json: unknown): CredentialsPayload {
  const parsed = credentialsPayload.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new TransshipError(
    'invalid-job',
    `the payload of a ${CREDENTIALS} job is wrong at "${place}": ${issue?.message}`,
    {
      hint: 'another version of Transship wrote it; ask for the refresh again',
    },
  );
}
