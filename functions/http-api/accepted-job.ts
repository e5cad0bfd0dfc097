// The answer to a request that became a job: 202, its address, and the job as it is now.
import * as z from 'zod';
import type { JobStore } from '../../shared/jobs/job-store.ts';
import { jobSummarySchema, summaryOf } from './job-view.ts';
import { Refusal } from './problem.ts';

export const acceptedSchema = jobSummarySchema;

export const locationHeaders = z.object({ Location: z.string().describe('of the job') });

/** @throws Refusal 404 where the job is gone already */
export async function acceptedJob(id: string, jobs: JobStore): Promise<Response> {
  const job = await jobs.get(id);
  if (job === undefined) throw new Refusal({ status: 404, code: 'not-found', detail: 'the job is gone already' });
  return Response.json(summaryOf(job), { status: 202, headers: { location: `/v1/jobs/${id}` } });
}
