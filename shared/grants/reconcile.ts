// Makes the grants hold: looks at what they mean and what is there, plans, writes what differs, and has it proven. Sites go side by side,
// and one that hangs holds no other; only where somebody has seen the plan, all of it is read before anything is written.
import { TransshipError } from '../errors.ts';
import { overbroadWidenings } from './approval.ts';
import type { GrantChange, GrantPlan } from './grant-change.ts';
import { grantStatuses, type GrantStatus } from './grant-status.ts';
import type { PullGrant } from './grant.ts';
import type { GrantsReport } from './grants-report.ts';
import type { GrantsRun } from './grants-run.ts';
import { planHash } from './plan-hash.ts';
import { planGrants } from './plan.ts';
import { applySite } from './reconcile/apply-site.ts';
import { interruptedHere } from './reconcile/interrupted-here.ts';
import { amongOthers, lookAtSite, type SiteLook } from './reconcile/look-at-site.ts';
import { isLookedAt, planNowhere, planSite, stateWith } from './reconcile/plan-site.ts';
import { reportOf } from './reconcile/report.ts';
import { resolveInterrupted } from './reconcile/resolve-interrupted.ts';
import { isInScope } from './reconcile/scope.ts';
import { runContext, type RunContext } from './reconcile/run-context.ts';
import { withhold } from './reconcile/settle.ts';
import { note, setChanges, type SiteRun } from './reconcile/site-run.ts';
import { siteKey } from './site.ts';
import { wantedGrants, type WantedGrants } from './wanted-grants.ts';

export type PreparedGrants = {
  plan: GrantPlan;
  /** As the plan has them: what it would do counts. */
  statuses: readonly GrantStatus[];
  /** The grants of the configuration and those by the API. */
  desired: readonly PullGrant[];
  wanted: WantedGrants;
  /** Calls of back ends. */
  reads: number;
};

export type ApplyOptions = {
  /** Everything is read again; if another plan comes of it, nothing is written. */
  planHash?: string;
  /**
   * Changes that let in everybody, or open every repository: `refuse` writes nothing at all, `skip` writes all others, which is for runs
   * that nobody watches.
   */
  overbroad: 'allow' | 'refuse' | 'skip';
};

/** What would be done; it only reads. @throws TransshipError interrupted, store-unavailable */
export async function prepareGrants(run: GrantsRun): Promise<PreparedGrants> {
  const context = await runContext(run);
  const { plan, wanted, state } = await planAll(context);
  return {
    plan,
    statuses: grantStatuses(context.desired, state, context.now, plan.changes),
    desired: context.desired,
    wanted,
    reads: context.calls.reads,
  };
}

/**
 * Reads, plans and applies. What goes wrong with one grant, target or site is in the report, and the others go on.
 * @throws TransshipError plan-changed; grant-refused for what needs the flag; interrupted; store-unavailable
 */
export async function applyGrants(
  run: GrantsRun,
  { planHash: expected, overbroad }: ApplyOptions,
): Promise<GrantsReport> {
  const context = await runContext(run);
  const isLocked = expected !== undefined;
  const seen = isLocked || overbroad === 'refuse' ? await planAll(context) : undefined;
  if (seen !== undefined) assertAsSeen(seen, expected, overbroad);
  await context.declare();
  const notes: SiteRun['notes'] = new Map();
  const visited = context.sites.filter(({ isVisited }) => isVisited);
  const runs = await Promise.all(
    visited.map(async (meant) => {
      const look = seen?.looks.get(siteKey(meant.site)) ?? (await lookAtSite(context, meant));
      const site: SiteRun = {
        context,
        look,
        changes: [],
        changesAt: new Map(),
        planHash: '',
        isLocked,
        notes,
        alarms: [],
      };
      await startSite(site, seen?.plan);
      await applyStarted(site, overbroad);
      return site;
    }),
  );
  const nowhere = seen?.plan.changes.filter(({ target }) => target.backend === 'none') ?? planNowhere(context);
  noteNowhere(nowhere, notes);
  const changes = [...runs.flatMap((site) => site.changes), ...nowhere];
  const targets = runs.flatMap(({ look }) => [...look.targets.values()]);
  const alarms = runs.flatMap((site) => site.alarms);
  const away = new Set(runs.filter(({ look }) => 'error' in look.at).map(({ look }) => siteKey(look.at.site)));
  return reportOf(context, { changes, planHash: seen?.plan.hash ?? planHash(changes, targets), notes, alarms, away });
}

type Seen = {
  plan: GrantPlan;
  wanted: WantedGrants;
  state: ReturnType<RunContext['state']>;
  looks: ReadonlyMap<string, SiteLook>;
};

async function planAll(context: RunContext): Promise<Seen> {
  const { desired, now, run } = context;
  const visited = context.sites.filter(({ isVisited }) => isVisited);
  const looks = new Map(
    await Promise.all(visited.map(async (meant) => [siteKey(meant.site), await lookAtSite(context, meant)] as const)),
  );
  // a plan of half of it would be another one
  if (run.signal?.aborted === true) throw stopped();
  const targets = [...looks.values()].flatMap((look) => [...look.targets.values()]);
  const events = [...looks.values()].flatMap((look) => resolveInterrupted(context.state(), look.targets));
  const state = stateWith(
    context,
    events.map(({ event }) => event),
  );
  const sites = amongOthers(context).map((at) => looks.get(siteKey(at.site))?.at ?? at);
  const { config, pruneUnknown: prunesUnknown = false } = run;
  const observed = { instance: config.instance, sites, state, targets, prunesUnknown };
  const changes = planGrants(desired, observed, now).filter((change) => isMeant(context, looks, change));
  const wanted = wantedGrants(desired, observed, now);
  return { plan: { changes, hash: planHash(changes, targets) }, wanted, state, looks };
}

function stopped(): TransshipError {
  return new TransshipError('interrupted', 'the run over the grants was stopped before it had looked at all of them', {
    hint: 'run it again: nothing was changed',
    retryable: true,
  });
}

/** Of what was not looked at, nothing is said. */
function isMeant({ run }: RunContext, looks: ReadonlyMap<string, SiteLook>, change: GrantChange): boolean {
  if (change.target.backend === 'none') return isInScope(run, change.grants);
  const look = looks.get(siteKey(change.target));
  return look !== undefined && isLookedAt(run, look, change);
}

function assertAsSeen({ plan, state }: Seen, expected: string | undefined, overbroad: ApplyOptions['overbroad']): void {
  if (expected !== undefined && plan.hash !== expected) {
    throw new TransshipError('plan-changed', 'the plan is another one by now: something changed since it was made', {
      hint: 'look at the new plan (`transship grants plan`) and apply that',
      details: { planHash: plan.hash },
    });
  }
  const [first, ...others] = overbroad === 'refuse' ? overbroadWidenings(plan.changes, state) : [];
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `, and ${others.length} more like it`;
  const reach = first.wanted.overbroad ?? 'too far';
  throw new TransshipError(
    'grant-refused',
    `${first.label} of grant ${first.grants.join(', ')} reaches ${reach}${more}`,
    {
      hint: 'give it with `--allow-overbroad`, or narrow the grant',
      details: { grants: first.grants },
    },
  );
}

/** What was interrupted is in the journal before anything else is done. */
async function startSite(site: SiteRun, plan: GrantPlan | undefined): Promise<void> {
  const { context, look, notes } = site;
  const { resolved, release } = await interruptedHere(context, look);
  const planned = plan?.changes.filter(({ target }) => siteKey(target) === siteKey(look.at.site));
  const events = resolved.map(({ event }) => event);
  setChanges(site, planned ?? planSite(context, look, stateWith(context, events)));
  site.planHash = plan?.hash ?? planHash(site.changes, [...look.targets.values()]);
  await context.append(events, site.planHash);
  await release();
  for (const { record, op } of resolved) note(notes, { ...record, op }, { wasInterrupted: true });
  for (const record of context.state().entries.values()) {
    const isHere = siteKey(record.target) === siteKey(look.at.site);
    if (isHere && record.intended !== undefined)
      note(notes, { ...record, op: record.intended.op }, { wasInterrupted: true, isPassing: true });
  }
}

async function applyStarted(site: SiteRun, overbroad: ApplyOptions['overbroad']): Promise<void> {
  const { context } = site;
  const isHeld = (change: GrantChange): boolean =>
    overbroad !== 'allow' && overbroadWidenings([change], context.state()).length > 0;
  await withhold(site, site.changes.filter(isHeld));
  await applySite(site, (change) => !isHeld(change));
}

/** Nothing is to be done for them, and nothing to be journalled: it follows from what is declared. */
function noteNowhere(changes: readonly GrantChange[], notes: SiteRun['notes']): void {
  for (const change of changes) {
    if (change.op !== 'none') continue;
    const { state, message, hint } = change;
    note(notes, change, { fallback: state, problem: { message, ...(hint === undefined ? {} : { hint }) } });
  }
}
