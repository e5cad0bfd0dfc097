// The part of a request for access that a cluster decides over: its grant, applied and proven, or what applying it would do.
import type { GrantsReport } from '../../shared/grants/grants-report.ts';
import type { GrantStatus } from '../../shared/grants/grant-status.ts';
import type { GrantsRun } from '../../shared/grants/grants-run.ts';
import type { PullGrant } from '../../shared/grants/grant.ts';
import { isWriting } from '../../shared/grants/plan-hash.ts';
import { applyGrants, prepareGrants } from '../../shared/grants/reconcile.ts';
import { clockSleep } from '../refresh-credentials/clock-sleep.ts';
import type { AccessEffect } from './access-report.ts';
import type { AccessPlan } from './plan-access.ts';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 250;
/** What is due so soon again may pass. */
const SOON_MS = 30_000;

/** What there is to do for a grant that is stored already. */
export async function applyGrantEffect(run: GrantsRun, plan: AccessPlan): Promise<AccessEffect[]> {
  if (!isDecidedByCluster(plan)) return [notNeeded(plan)];
  const { report, isWritten } = await applySoon(run, plan.id);
  const status = report.grants.find(({ grant }) => grant === plan.id);
  return effectsOf(plan, status, isWritten ? 'done' : 'unchanged');
}

/** Somebody else may be writing at the same place, and caches of whoever decides take their time: it is looked at again for a while. */
async function applySoon(run: GrantsRun, id: string): Promise<{ report: GrantsReport; isWritten: boolean }> {
  const { clock, signal } = run;
  const sleep = clockSleep(clock);
  const untilMs = clock.now().getTime() + PATIENCE_MS;
  let isWritten = false;
  for (;;) {
    const report = await applyGrants({ ...run, only: [id] }, { overbroad: 'refuse' });
    isWritten ||= report.entries.some((entry) => entry.isWritten && entry.grants.includes(id));
    const nowMs = clock.now().getTime();
    const isPassing = report.nextAt !== undefined && report.nextAt.getTime() - nowMs <= SOON_MS;
    const isDone = report.grants.some(({ grant, state }) => grant === id && state === 'Applied');
    if (isDone || !isPassing || nowMs >= untilMs) return { report, isWritten };
    await sleep(PAUSE_MS, signal);
  }
}

/** The same, with nothing written, not even that it was asked for. */
export async function previewGrantEffect(run: GrantsRun, plan: AccessPlan): Promise<AccessEffect[]> {
  const { grant } = plan;
  if (grant === undefined || !isDecidedByCluster(plan)) return [notNeeded(plan)];
  const grants: PullGrant[] = [...run.config.grants, grant];
  const prepared = await prepareGrants({ ...run, config: { ...run.config, grants }, only: [plan.id] });
  const own = prepared.plan.changes.filter((change) => change.grants.includes(plan.id));
  const status = prepared.statuses.find((one) => one.grant === plan.id);
  if (own.some(isWriting)) {
    return own.filter(isWriting).map(({ label, target: { host, place } }) => ({
      effect: 'grant',
      what: label,
      where: `${host}/${place}`,
      state: 'planned',
    }));
  }
  return effectsOf(plan, status, 'unchanged');
}

function isDecidedByCluster({ grant }: AccessPlan): boolean {
  return grant !== undefined && grant.what.length > 0;
}

function notNeeded({ registry, cluster }: AccessPlan): AccessEffect {
  const why = 'pulls there are decided by the credential';
  return { effect: 'grant', what: registry, where: cluster, state: 'not-needed', why };
}

function effectsOf(plan: AccessPlan, status: GrantStatus | undefined, fine: 'done' | 'unchanged'): AccessEffect[] {
  const isProven = status?.state === 'Applied';
  const problem = isProven ? undefined : (status?.problem ?? { message: `it is ${status?.state ?? 'not known'}` });
  const told =
    problem === undefined ? {} : { why: problem.message, ...('hint' in problem ? { hint: problem.hint } : {}) };
  const entries = status?.entries ?? [];
  if (entries.length === 0) {
    return [{ effect: 'grant', what: plan.id, where: plan.cluster, state: isProven ? fine : 'failed', ...told }];
  }
  return entries.map(({ label, target: { host, place }, verification, state }) => ({
    effect: 'grant',
    what: label,
    where: `${host}/${place}`,
    state: state === 'Applied' ? fine : 'failed',
    ...(state === 'Applied' && verification !== undefined
      ? { why: `${verification.answer} by ${verification.method}` }
      : told),
  }));
}
