// `transship grants plan`: what `transship grants apply` would do, as a table, and its hash; nothing is written.
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printGrantPlan } from '../output/grant-plan.ts';
import { printJsonLine } from '../output/json-lines.ts';
import type { PlanShape } from '../server/grant-shapes.ts';
import type { ServerOptions } from '../server/open-server.ts';
import { withGrants } from '../with-grants.ts';

export type GrantsPlanOptions = ServerOptions & { detailedExitCode?: boolean; pruneUnknown?: boolean };

/** What could not be looked at, or must not be. */
const FAILED = ['Blocked'];

export async function runGrantsPlan(context: Context, options: GrantsPlanOptions): Promise<number> {
  return withGrants(
    context,
    options,
    async (desk) => {
      const plan = await desk.plan({ pruneUnknown: options.pruneUnknown === true });
      showPlan(context, plan);
      return exitCodeFor(plan, options.detailedExitCode === true);
    },
    { readsOnly: true },
  );
}

export function showPlan(context: Context, plan: PlanShape): void {
  const { io, globals } = context;
  if (!globals.json) return printGrantPlan(context, plan);
  const { changes, ...report } = plan;
  for (const change of globals.quiet ? [] : changes) printJsonLine(io, { type: 'change', ...change });
  printJsonLine(io, { type: 'report', ...report, changes: changes.length });
}

function exitCodeFor({ changes, writes, unchanged }: PlanShape, isDetailed: boolean): number {
  const failed = changes.filter(({ state = '' }) => FAILED.includes(state)).length;
  if (failed > 0) return failed === changes.length && unchanged === 0 ? EXIT.failed : EXIT.partlyFailed;
  if (changes.some(({ op }) => op === 'conflict')) return EXIT.refused;
  return writes > 0 && isDetailed ? EXIT.changes : EXIT.done;
}
