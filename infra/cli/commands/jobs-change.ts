// `transship jobs retry` and `transship jobs cancel`: the same for each of the jobs, whatever becomes of the others.
import { isTransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { coloured } from '../output/job-lines.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { printProblem } from '../output/print-error.ts';
import { styleFor } from '../output/style.ts';
import { problemOf } from '../problem.ts';
import { callApi, type Caller } from '../server/call-api.ts';
import { withServer, type ServerOptions } from '../server/open-server.ts';
import { jobView } from '../server/shapes.ts';

export async function runJobsChange(
  context: Context,
  change: 'retry' | 'cancel',
  ids: readonly string[],
  options: ServerOptions,
): Promise<number> {
  const changed = await withServer(context, options, async (caller) => {
    let count = 0;
    for (const id of new Set(ids)) if (await changeOne(context, caller, change, id)) count += 1;
    return count;
  });
  const all = new Set(ids).size;
  if (context.globals.json) printJsonLine(context.io, { type: 'report', changed, failed: all - changed });
  if (changed === all) return EXIT.done;
  return changed === 0 ? EXIT.failed : EXIT.partlyFailed;
}

/** False where the server refuses it for this job. */
async function changeOne(context: Context, caller: Caller, change: string, id: string): Promise<boolean> {
  const { io, globals } = context;
  try {
    const path = `/v1/jobs/${encodeURIComponent(id)}/${change}`;
    const job = await callApi(caller, { method: 'POST', path }, jobView);
    if (globals.quiet) return true;
    const state = job.cancelRequested === true && job.state === 'LEASED' ? 'CANCELLING' : job.state;
    if (globals.json) printJsonLine(io, { type: 'job', ...job });
    else io.stdout.write(`${printable(job.id)}  ${coloured(state, styleFor(io.stdout, io, globals))}\n`);
    return true;
  } catch (error) {
    // anything else is not about this job, and the next one would meet it, too
    if (!isTransshipError(error, 'not-found', 'server-error')) throw error;
    const problem = { ...problemOf(error), message: `${printable(id)}: ${error.message}` };
    printProblem(problem, io, globals);
    if (globals.json && !globals.quiet) printJsonLine(io, { type: 'job', id, error: problem });
    return false;
  }
}
