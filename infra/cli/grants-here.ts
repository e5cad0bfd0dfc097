// Grants in this process: where no server owns the data folder, the command opens the store itself.
import { userInfo } from 'node:os';
import { OWNER } from '../../functions/http-api/identity.ts';
import { journalLineView } from '../../functions/http-api/grants/journal-view.ts';
import { knownGrants } from '../../functions/http-api/grants/known-grants.ts';
import { settleAccess } from '../../functions/access/settle-access.ts';
import { grantsRunOf } from '../../functions/reconcile-grants/grants-run-of.ts';
import { planJson } from '../../functions/reconcile-grants/plan-json.ts';
import { reportJson } from '../../functions/reconcile-grants/report-json.ts';
import type { DistributionDeps } from '../../functions/refresh-credentials/run-distribution.ts';
import type { Config } from '../../shared/config/config.ts';
import { confirmGrant, resumeGrant, revokeGrant } from '../../shared/grants/declare-grants.ts';
import type { GrantsRun } from '../../shared/grants/grants-run.ts';
import { applyGrants, prepareGrants } from '../../shared/grants/reconcile.ts';
import type { Context } from './context.ts';
import type { ApplyOrder, GrantsDesk } from './grants-desk.ts';
import { openGrants } from './open-grants.ts';

const PAGE = 500;

/** @throws TransshipError store-locked, store-unavailable */
export async function withGrantsHere<Result>(
  context: Context,
  config: Config,
  { readsOnly }: { readsOnly: boolean },
  work: (desk: GrantsDesk) => Promise<Result>,
): Promise<Result> {
  await using opened = new AsyncDisposableStack();
  const { deps } = await openGrants(opened, context, config, readsOnly);
  // the store and the connections live until it is done
  return await work(deskOf(deps, context.signal));
}

type DeskDeps = Parameters<typeof grantsRunOf>[0] & DistributionDeps;

function deskOf(deps: DeskDeps, signal: AbortSignal): GrantsDesk {
  const { clock, grants: store } = deps;
  const actor = `user ${userInfo().username}`;
  const decision = { store, clock, actor, config: deps.config() };

  function runOver({ grants: only, pruneUnknown = false, pruneDead = false }: ApplyOrder): GrantsRun {
    const terms = { actor, signal, pruneUnknown, pruneDead, holder: `process ${process.pid}` };
    return grantsRunOf(deps, only === undefined ? terms : { ...terms, only });
  }

  async function apply({ hash, allowOverbroad = false, ...order }: ApplyOrder) {
    const planHash = hash === undefined ? {} : { planHash: hash };
    const report = await applyGrants(runOver(order), { overbroad: allowOverbroad ? 'allow' : 'refuse', ...planHash });
    signal.throwIfAborted();
    await settleAccess(deps, { only: order.grants, signal });
    return reportJson(report);
  }

  return {
    apply,
    list: async () => (await knownGrants(deps, OWNER)).map(({ view }) => view),
    async plan(order = {}) {
      const prepared = await prepareGrants(runOver(order));
      signal.throwIfAborted();
      return planJson(prepared, await store.state());
    },
    async revoke(name, reason) {
      await revokeGrant(decision, name, reason);
      return apply({ grants: [name] });
    },
    async resume(name) {
      await resumeGrant(decision, name);
      const isPinned = (await knownGrants(deps, OWNER)).some(({ grant }) => grant.id === name && grant.pin === 'uid');
      if (isPinned) await confirmGrant(runOver({ grants: [name] }), name);
      return apply({ grants: [name] });
    },
    async *journal({ grant, after = 0 }) {
      let last = after;
      for (;;) {
        const lines = await store.lines({ after: last, limit: PAGE, ...(grant === undefined ? {} : { grant }) });
        yield* lines.map(journalLineView);
        if (lines.length < PAGE) return;
        last = lines.at(-1)?.seq ?? last;
      }
    },
  };
}
