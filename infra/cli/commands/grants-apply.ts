// `transship grants apply`: makes the grants hold. What was shown is what is done: somebody who is asked, or a hash, holds it to the plan.
import { TransshipError } from '../../../shared/errors.ts';
import { askOrRefuse } from '../ask.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { GrantsDesk } from '../grants-desk.ts';
import { grantsExitCode, printGrantReport } from '../output/grant-report.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { count } from '../output/units.ts';
import type { ReportShape } from '../server/grant-shapes.ts';
import type { ServerOptions } from '../server/open-server.ts';
import { withGrants } from '../with-grants.ts';
import { showPlan } from './grants-plan.ts';

export type GrantsApplyOptions = ServerOptions & {
  plan?: string;
  yes?: boolean;
  allowOverbroad?: boolean;
  pruneUnknown?: boolean;
  pruneDead?: boolean;
};

export async function runGrantsApply(context: Context, options: GrantsApplyOptions): Promise<number> {
  const { plan: hash, yes, allowOverbroad = false, pruneUnknown = false, pruneDead = false } = options;
  if (hash !== undefined && !/^[0-9a-f]{64}$/.test(hash)) {
    throw new TransshipError('invalid-usage', '--plan is not the hash of a plan', {
      hint: 'it is the last line of: transship grants plan',
    });
  }
  const question = askOrRefuse(context, { isAnswered: yes === true || hash !== undefined, command: 'grants apply' });
  return withGrants(context, options, async (desk) => {
    const order = { allowOverbroad, pruneUnknown, pruneDead };
    if (question === undefined) {
      return show(context, await desk.apply({ ...order, ...(hash === undefined ? {} : { hash }) }));
    }
    return applyAsked(context, desk, { ...order, question });
  });
}

type Asked = {
  allowOverbroad: boolean;
  pruneUnknown: boolean;
  pruneDead: boolean;
  question: (text: string) => Promise<boolean>;
};

async function applyAsked(context: Context, desk: GrantsDesk, { question, ...order }: Asked): Promise<number> {
  const plan = await desk.plan({ pruneUnknown: order.pruneUnknown });
  showPlan(context, plan);
  const isMeant = plan.writes === 0 || (await question(`apply ${count(plan.writes, 'change')}?`));
  if (!isMeant) {
    context.io.stderr.write('nothing was changed\n');
    return EXIT.done;
  }
  return show(context, await desk.apply({ ...order, hash: plan.hash }));
}

/** What came of it, and the exit code. */
export function show(context: Context, report: ReportShape, more: object = {}): number {
  printGrantReport(context, report);
  if (context.globals.json) printJsonLine(context.io, { ...report, type: 'report', ...more });
  return grantsExitCode(report);
}
