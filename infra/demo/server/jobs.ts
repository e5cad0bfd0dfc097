// The server's jobs as its API shows them: found by what they write, followed to their end.
import * as z from 'zod';
import type { TargetReport } from '../../../shared/mirror/copy-types.ts';
import type { DemoEvent } from '../demo-event.ts';
import { until, type Patience } from '../until.ts';
import { fetchJson, serverEvents } from './admin-client.ts';

/** A mirror job that has ended well. */
export type FinishedJob = { id: string; trigger: string; targets: readonly TargetReport[] };

const listSchema = z.looseObject({
  items: z.array(z.looseObject({ id: z.string(), targets: z.array(z.string()) })),
});

const jobSchema = z.looseObject({
  state: z.enum(['READY', 'LEASED', 'DONE', 'DEAD', 'CANCELLED', 'SUPERSEDED']),
  supersededBy: z.string().optional(),
  payload: z.looseObject({ trigger: z.string() }),
  problem: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  result: z.looseObject({ report: z.custom<{ targets: TargetReport[] }>().optional() }).optional(),
});

/** The ids of the mirror jobs that write to this target, newest first. */
export async function jobsFor(socketPath: string, target: string, signal: AbortSignal): Promise<string[]> {
  const { items } = listSchema.parse(await fetchJson(socketPath, '/v1/jobs?kind=mirror&limit=50', signal));
  return items.filter(({ targets }) => targets.includes(target)).map(({ id }) => id);
}

/** The first job for this target, as soon as there is one. */
export function firstJobFor(socketPath: string, target: string, patience: Patience): Promise<string> {
  return until(async () => (await jobsFor(socketPath, target, patience.signal)).at(-1), patience);
}

/** Tells the job's history as the server streams it, until the job is done. @throws Error where it ends in another way */
export async function followJob(
  socketPath: string,
  id: string,
  tell: (event: DemoEvent) => void,
  patience: Patience,
): Promise<FinishedJob> {
  const path = `/v1/jobs/${id}`;
  for await (const { type, data } of serverEvents(socketPath, `${path}/events`, patience.signal)) {
    tell({ type: 'job', id, event: type, data });
  }
  const job = await until(async () => {
    const now = jobSchema.parse(await fetchJson(socketPath, path, patience.signal));
    return now.state === 'READY' || now.state === 'LEASED' ? undefined : now;
  }, patience);
  if (job.supersededBy !== undefined) return followJob(socketPath, job.supersededBy, tell, patience);
  const targets = job.result?.report?.targets;
  if (job.state === 'DONE' && targets !== undefined) return { id, trigger: job.payload.trigger, targets };
  throw new Error(`job ${id} ended as ${job.state}${job.problem === undefined ? '' : `: ${job.problem.message}`}`);
}
