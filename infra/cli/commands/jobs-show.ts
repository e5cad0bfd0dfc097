// `transship jobs show`: one job, or its history until it ends.
import { logs, type Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { historyLine, printJob } from '../output/job-lines.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor } from '../output/style.ts';
import { callApi, type Caller } from '../server/call-api.ts';
import { followJob } from '../server/follow-job.ts';
import { withServer, type ServerOptions } from '../server/open-server.ts';
import { jobView, targetsOf, type JobView } from '../server/shapes.ts';

export type JobsShowOptions = ServerOptions & { follow?: boolean };

/** Followed jobs give the exit code of what became of them. */
export async function runJobsShow(context: Context, id: string, options: JobsShowOptions): Promise<number> {
  const { io, globals } = context;
  const follows = options.follow ?? false;
  const job = await withServer(context, options, (caller) =>
    follows ? followToEnd(context, caller, id) : fetchJob(caller, id),
  );
  if (globals.json) printJsonLine(io, { type: 'report', ...job });
  else printJob(context, job, styleFor(io.stdout, io, globals));
  return follows ? exitCodeOf(job) : EXIT.done;
}

function fetchJob(caller: Caller, id: string): Promise<JobView> {
  return callApi(caller, { method: 'GET', path: `/v1/jobs/${encodeURIComponent(id)}` }, jobView);
}

/** Goes on with the job that took its place, where there is one. */
async function followToEnd(context: Context, caller: Caller, id: string): Promise<JobView> {
  const job = await fetchJob(caller, id);
  if (!caller.wire.isServer && isOpen(job)) {
    tellThatNobodyWorks(context);
    return job;
  }
  for await (const line of followJob(caller, id)) printLine(context, line);
  const ended = await fetchJob(caller, id);
  return ended.supersededBy === undefined ? ended : followToEnd(context, caller, ended.supersededBy);
}

function printLine({ io, globals }: Context, line: Parameters<typeof historyLine>[0]): void {
  if (globals.quiet) return;
  const { type: event, ...rest } = line;
  if (globals.json) printJsonLine(io, { type: 'history', event, ...rest });
  else io.stdout.write(`${historyLine(line, styleFor(io.stdout, io, globals))}\n`);
}

function tellThatNobodyWorks({ io, globals }: Context): void {
  if (!logs(globals, 'warn')) return;
  const style = styleFor(io.stderr, io, globals);
  io.stderr.write(`${style('yellow', 'warning:')} no server runs: the job waits until one is started\n`);
}

function isOpen({ state }: JobView): boolean {
  return state === 'READY' || state === 'LEASED';
}

function exitCodeOf(job: JobView): number {
  if (job.state !== 'DONE') return EXIT.failed;
  const states = targetsOf(job).map(({ state }) => state);
  const wrong = states.filter((state) => state === 'refused' || state === 'failed');
  if (wrong.length === 0) return EXIT.done;
  if (wrong.length < states.length) return EXIT.partlyFailed;
  return wrong.includes('failed') ? EXIT.failed : EXIT.refused;
}
