// A job as the API shows it, and who may see it.
import * as z from 'zod';
import type { Config } from '../../shared/config/config.ts';
import { JOB_STATES, type Job } from '../../shared/jobs/job.ts';
import type { JobStore } from '../../shared/jobs/job-store.ts';
import type { Json } from '../../shared/jobs/json.ts';
import { parseReference } from '../../shared/oci/reference.ts';
import { ACCESS, accessPayload } from '../job-kinds/access-job.ts';
import { GRANTS, grantsPayload } from '../job-kinds/grants-job.ts';
import { MIRROR, mirrorPayload } from '../job-kinds/mirror-job.ts';
import { SWEEP, sweepPayload } from '../job-kinds/sweep-job.ts';
import { isUnlimited, mayUseRegistries, mayUseRule, type Identity } from './identity.ts';

const time = z.iso.datetime();

const summary = {
  id: z.string(),
  kind: z
    .string()
    .describe(
      '`mirror`: one source to its targets; `sweep`: list a rule, compare, ask for what differs; `credentials`: bring them to a cluster; `grants`: make them hold; `access`: let a Namespace pull an image, with all that it takes',
    ),
  state: z.enum(JOB_STATES),
  targets: z.array(z.string()).describe('what it writes to; no two jobs with the same one run at a time'),
  priority: z.int(),
  acceptedAt: time,
  runAt: time.describe('not offered to a worker before'),
  attempts: z.int().describe('claims since the last progress'),
  maxAttempts: z.int(),
  cancelRequested: z.boolean(),
  finishedAt: time.optional(),
  supersededBy: z.string().optional().describe('the newer job that does its work'),
  problem: z
    .object({ code: z.string(), message: z.string(), hint: z.string().optional() })
    .optional()
    .describe('the last failure'),
};

export const jobSummarySchema = z.object(summary).meta({ id: 'JobSummary' });

export const jobSchema = z
  .object({
    ...summary,
    payload: z.unknown().describe('what was asked for'),
    progress: z.unknown().optional().describe('the last that it told of its progress; per target'),
    result: z
      .unknown()
      .optional()
      .describe('of a mirror job the report: what became of each target, also where the last try failed'),
  })
  .meta({ id: 'Job' });

export function summaryOf(job: Job): z.input<typeof jobSummarySchema> {
  return {
    id: job.id,
    kind: job.kind,
    state: job.state,
    targets: [...job.targets],
    priority: job.priority,
    acceptedAt: job.acceptedAt.toISOString(),
    runAt: job.runAt.toISOString(),
    attempts: job.attempts,
    maxAttempts: job.maxAttempts,
    cancelRequested: job.cancelRequested,
    ...(job.finishedAt === undefined ? {} : { finishedAt: job.finishedAt.toISOString() }),
    ...(job.supersededBy === undefined ? {} : { supersededBy: job.supersededBy }),
    ...(job.problem === undefined ? {} : { problem: job.problem }),
  };
}

/** The job with all that is known of it. */
export async function viewOf(job: Job, jobs: JobStore): Promise<z.input<typeof jobSchema>> {
  const progress = await lastProgress(job.id, jobs);
  return {
    ...summaryOf(job),
    payload: job.payload,
    ...(progress === undefined ? {} : { progress }),
    ...(job.result === undefined ? {} : { result: job.result }),
  };
}

/** False also for what nobody can tell whose it is, to those who may not see everything. */
export function maySeeJob(identity: Identity, job: Job, config: Config): boolean {
  if (isUnlimited(identity)) return true;
  if (job.kind === SWEEP) {
    const name = sweepPayload.safeParse(job.payload).data?.rule;
    const rule = config.rules.find((one) => one.name === name);
    return rule !== undefined && mayUseRule(identity, rule);
  }
  // what somebody asked for is about grants that they may use
  if (job.kind === ACCESS) return accessPayload.safeParse(job.payload).data?.actor === identity.name;
  if (job.kind === GRANTS) return grantsPayload.safeParse(job.payload).data?.actor === identity.name;
  const payload = job.kind === MIRROR ? mirrorPayload.safeParse(job.payload).data : undefined;
  if (payload === undefined) return false;
  if (identity.rules !== undefined && (payload.rule === undefined || !identity.rules.includes(payload.rule)))
    return false;
  return mayUseRegistries(
    identity,
    [payload.source, ...payload.targets].map((text) => parseReference(text).registry),
  );
}

const TAIL = 20;

/** What its history tells last of progress. There is nothing beyond the end, so that is found by halving. */
async function lastProgress(id: string, jobs: JobStore): Promise<Json | undefined> {
  const isThere = async (sequence: number): Promise<boolean> => (await jobs.log(id, sequence - 1, 1)).length > 0;
  let there = 0;
  let beyond = TAIL + 1;
  while (await isThere(beyond)) [there, beyond] = [beyond, beyond * 2];
  while (beyond - there > TAIL) {
    const middle = Math.floor((there + beyond) / 2);
    if (await isThere(middle)) there = middle;
    else beyond = middle;
  }
  const tail = await jobs.log(id, Math.max(0, there - TAIL), 2 * TAIL);
  return tail.findLast(({ type }) => type === 'progress')?.data;
}
