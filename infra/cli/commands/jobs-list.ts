// `transship jobs list`: the jobs of the server, newest first.
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJobs } from '../output/job-lines.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { printMore } from '../output/more.ts';
import { styleFor } from '../output/style.ts';
import { listApi } from '../server/call-api.ts';
import { withServer, type ServerOptions } from '../server/open-server.ts';
import { jobSummary } from '../server/shapes.ts';

export type JobsListOptions = ServerOptions & { state?: string; kind?: string; limit: number };

export async function runJobsList(context: Context, options: JobsListOptions): Promise<number> {
  const { io, globals } = context;
  const { state, kind, limit } = options;
  const { items, hasMore } = await withServer(context, options, (caller) =>
    listApi(caller, '/v1/jobs', { state, kind }, limit, jobSummary),
  );
  if (!globals.json) {
    printJobs(context, items, styleFor(io.stdout, io, globals));
    printMore(context, hasMore);
    return EXIT.done;
  }
  for (const job of globals.quiet ? [] : items) printJsonLine(io, { type: 'job', ...job });
  printJsonLine(io, { type: 'report', jobs: items.length, more: hasMore });
  return EXIT.done;
}
