// The worker of grants jobs: brings what registries and clusters have for grants to what the grants say, has it proven, and asks for the
// next run at the time at which one begins or ends, or at which what could not be done is tried again.
//
//   apply (observe ─▶ plan ─▶ journal ─▶ write ─▶ verify) ─▶ tell ─▶ next job
//
import { desiredGrants } from '../shared/grants/desired-grants.ts';
import type { GrantsRun } from '../shared/grants/grants-run.ts';
import { applyGrants, type ApplyOptions } from '../shared/grants/reconcile.ts';
import { isTransshipError, TransshipError } from '../shared/errors.ts';
import type { JobContext, JobHandler, JobOutcome } from '../shared/jobs/handler.ts';
import { growingWaits } from '../shared/jobs/growing-waits.ts';
import { problemOf } from '../shared/jobs/problem.ts';
import { accessFollower } from './access/follow-access.ts';
import type { Deps } from './deps.ts';
import { GRANTS, grantsJob, grantsPayload, type GrantsPayload } from './job-kinds/grants-job.ts';
import { concernsGrants } from './namespace-created/concerns-grants.ts';
import { grantsRunOf } from './reconcile-grants/grants-run-of.ts';
import { nextReconcile } from './reconcile-grants/next-reconcile.ts';
import { reportJson } from './reconcile-grants/report-json.ts';
import { countGrantWrites, logGrants, measureGrants } from './reconcile-grants/tell-grants.ts';

/** Who has to be named in the journal where nobody asked. */
const ACTORS: Readonly<Record<GrantsPayload['trigger'], string>> = {
  schedule: 'timer',
  config: 'configuration',
  namespace: 'namespace created',
  watch: 'namespace changed',
  api: 'api',
};

/** What is not proven, or may pass, is looked at again after so long, and later each time. */
const SOON_MS = 15_000;

/** @param random gives 0 to 1 */
export function reconcileGrants(deps: Deps, random: () => number = Math.random): JobHandler {
  const verifiedAt = new Map<string, Date>();
  const waits = growingWaits(SOON_MS, random);
  const followAccess = accessFollower(deps);
  return async (context) => {
    const payload = payloadOf(context.job.payload);
    const only = await scopeOf(payload, deps);
    if (only?.length === 0) return { result: { state: 'done', grants: [] } };
    // what was the matter may be what somebody just mended
    if (payload.trigger === 'config' || payload.trigger === 'api') waits.forget();
    const run = {
      ...runOf(deps, context, payload),
      verifiedAt,
      waits,
      ...(only === undefined ? {} : { only }),
      ...touchedBy(payload),
    };
    try {
      return await reconcile(deps, { run, payload, context, followAccess });
    } catch (error) {
      if (!isTransshipError(error, 'plan-changed', 'grant-refused')) throw error;
      // who asked is told; nothing failed, and nobody else has to look at it
      return { result: { state: 'refused', problem: { ...problemOf(error) } } };
    }
  };
}

function runOf(
  deps: Deps,
  { job, ending, signal }: JobContext,
  { trigger, actor, pruneUnknown = false, pruneDead = false }: GrantsPayload,
): GrantsRun {
  const terms = {
    actor: actor ?? ACTORS[trigger],
    holder: `${job.id} ${job.fence}`,
    pruneUnknown,
    pruneDead,
    signal: AbortSignal.any([ending, signal]),
  };
  return grantsRunOf(deps, terms, { job_id: job.id });
}

type Reconcile = { run: GrantsRun; payload: GrantsPayload; context: JobContext; followAccess: () => Promise<void> };

async function reconcile(deps: Deps, { run, payload, context, followAccess }: Reconcile): Promise<JobOutcome> {
  const { clock, config, jobs, metrics } = deps;
  const { planHash } = payload;
  const report = await applyGrants(run, {
    overbroad: overbroadOf(payload),
    ...(planHash === undefined ? {} : { planHash }),
  });
  await followAccess();
  logGrants(report, run.logger);
  countGrantWrites(report, metrics);
  if (context.ending.aborted) return 'yield';
  if (run.only === undefined) {
    const declared = desiredGrants(run.config.grants, await run.store.state());
    measureGrants(report, { declared, now: clock.now(), metrics });
  }
  const runAt = nextReconcile(report.nextAt, clock.now(), config().grantsEveryMs);
  if (runAt !== undefined) await jobs.accept(grantsJob({ trigger: 'schedule' }, { runAt }));
  return { result: { ...reportJson(report) } };
}

/** Whoever asks for something is told that it needs the flag; what runs by itself does the rest. */
function overbroadOf({ trigger, allowOverbroad }: GrantsPayload): ApplyOptions['overbroad'] {
  if (allowOverbroad === true) return 'allow';
  return trigger === 'api' ? 'refuse' : 'skip';
}

/** Undefined: all. Of a Namespace those that may have to do with it, whatever its labels were. */
async function scopeOf({ grants, namespace }: GrantsPayload, deps: Deps): Promise<readonly string[] | undefined> {
  if (namespace === undefined) return grants;
  const { cluster, name } = namespace;
  const desired = desiredGrants(deps.config().grants, await deps.grants.state());
  return desired.filter((grant) => concernsGrants([grant], cluster, { name })).map(({ id }) => id);
}

function touchedBy({ namespace }: GrantsPayload): Pick<GrantsRun, 'touched'> {
  return namespace === undefined ? {} : { touched: { cluster: namespace.cluster, namespace: namespace.name } };
}

/** @throws TransshipError invalid-job */
function payloadOf(json: unknown): GrantsPayload {
  const parsed = grantsPayload.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new TransshipError('invalid-job', `the payload of a ${GRANTS} job is wrong at "${place}": ${issue?.message}`, {
    hint: 'another version of Transship wrote it; ask for it again',
  });
}
