// Plans one site by itself, so that it need not wait for others: what it means for them is theirs to say.
import { foldLines } from '../fold-journal.ts';
import type { GrantChange } from '../grant-change.ts';
import type { GrantsRun } from '../grants-run.ts';
import type { GrantsState } from '../grants-state.ts';
import type { JournalEvent } from '../journal.ts';
import { planGrants } from '../plan.ts';
import { siteKey, targetKey, type Target } from '../site.ts';
import { amongOthers, type SiteLook } from './look-at-site.ts';
import type { RunContext } from './run-context.ts';
import { isInScope } from './scope.ts';

/** @param state with what became of writes that were interrupted */
export function planSite(context: RunContext, look: SiteLook, state: GrantsState = context.state()): GrantChange[] {
  const { run, desired, now } = context;
  const { instance } = run.config;
  const prunesUnknown = run.pruneUnknown === true;
  const sites = amongOthers(context, look.at);
  const observed = { instance, sites, state, targets: [...look.targets.values()], prunesUnknown };
  return planGrants(desired, observed, now).filter((change) => isLookedAt(run, look, change));
}

/** What a run over some grants did not look at stays as it was. */
export function isLookedAt(run: GrantsRun, look: SiteLook, { target, key, grants }: GrantChange): boolean {
  if (siteKey(target) !== siteKey(look.at.site) || !isInScope(run, grants)) return false;
  return key === '' || run.only === undefined || look.targets.has(targetKey(target));
}

export function planTarget(context: RunContext, look: SiteLook, target: Target): GrantChange[] {
  return planSite(context, look).filter((change) => targetKey(change.target) === targetKey(target));
}

/** What is said of grants that are nothing anywhere: before their time, not approved, without a registry that can. */
export function planNowhere(context: RunContext): GrantChange[] {
  const { run, desired, now } = context;
  const observed = { instance: run.config.instance, sites: amongOthers(context), state: context.state(), targets: [] };
  return planGrants(desired, observed, now).filter(
    ({ target, grants }) => target.backend === 'none' && isInScope(run, grants),
  );
}

/** As it will be when the lines are in the journal. */
export function stateWith(
  { state, now, run }: Pick<RunContext, 'state' | 'now' | 'run'>,
  events: readonly JournalEvent[],
): GrantsState {
  return foldLines(
    state(),
    events.map((event) => ({ at: now, actor: run.actor, ...event })),
  );
}
