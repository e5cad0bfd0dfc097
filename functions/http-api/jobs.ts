// The routes of jobs: list, look, cancel, retry. A job that the token may not see does not exist for it.
import * as z from 'zod';
import { JOB_STATES, type Job } from '../../shared/jobs/job.ts';
import type { ApiDeps } from './api-deps.ts';
import { assertScope } from './authenticate.ts';
import type { Identity } from './identity.ts';
import { scopeOfJob } from './job-scope.ts';
import { jobSchema, jobSummarySchema, maySeeJob, summaryOf, viewOf } from './job-view.ts';
import { pageHeaders, pageQuery, pageResponse, pageSchema, visiblePage } from './paging.ts';
import { Refusal } from './problem.ts';
import { addRoute, PLAIN, type Api } from './route.ts';

const TAG = 'jobs';
const SCOPES = 'The token needs the scope of its work: `mirror`, `credentials` or `grants`.';

export const jobParams = z.object({ id: z.string().describe('id of a job') });

const job = { description: 'The job', schema: jobSchema };

export function addJobs(api: Api, deps: ApiDeps): void {
  const { jobs, config } = deps;

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/jobs',
      access: 'read',
      tag: TAG,
      summary: 'List jobs, newest first',
      query: z.strictObject({
        ...pageQuery,
        state: z.enum(JOB_STATES).optional(),
        kind: z
          .string()
          .regex(/^[a-z-]{1,64}$/)
          .optional(),
      }),
      answers: { 200: { description: 'A page of jobs', schema: pageSchema(jobSummarySchema), headers: pageHeaders } },
    },
    async ({ query: { limit, cursor, state, kind }, identity, context }) => {
      const filter = { ...(state && { state }), ...(kind && { kind }) };
      const { items, next } = await visiblePage(
        async (atMost, after) => {
          const page = await jobs.list(filter, atMost, after);
          return { items: page.jobs, next: page.next };
        },
        (one) => maySeeJob(identity, one, config()),
        limit,
        cursor,
      );
      return pageResponse({ items: items.map(summaryOf), next }, context.req.url);
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'get',
      path: '/v1/jobs/{id}',
      access: 'read',
      tag: TAG,
      summary: 'Show a job with its progress and result',
      params: jobParams,
      answers: { 200: job },
      errors: [404],
    },
    async ({ params, identity }) => Response.json(await viewOf(await visibleJob(params.id, identity, deps), jobs)),
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/jobs/{id}/cancel',
      access: 'read',
      tag: TAG,
      summary: 'Cancel a job',
      description: `One that waits is cancelled at once, one that runs at its next safe point. ${SCOPES}`,
      params: jobParams,
      answers: { 200: job },
      errors: [403, 404, 409],
    },
    async ({ params: { id }, identity }) => {
      assertScope(identity, scopeOfJob(await visibleJob(id, identity, deps)));
      const after = await jobs.cancel(id);
      if (after.state !== 'CANCELLED' && !after.cancelRequested) throw conflict(after, 'it has ended');
      return Response.json(await viewOf(after, jobs));
    },
  );

  addRoute(
    api,
    {
      ...PLAIN,
      method: 'post',
      path: '/v1/jobs/{id}/retry',
      access: 'read',
      tag: TAG,
      summary: 'Offer a dead job again',
      description: SCOPES,
      params: jobParams,
      answers: { 200: job },
      errors: [403, 404, 409],
    },
    async ({ params: { id }, identity }) => {
      const before = await visibleJob(id, identity, deps);
      assertScope(identity, scopeOfJob(before));
      const [redriven] = await jobs.redrive({ ids: [id] }, 1);
      if (redriven === undefined) throw conflict(before, 'only DEAD jobs are offered again');
      return Response.json(await viewOf((await jobs.get(id)) ?? before, jobs));
    },
  );
}

/** @throws Refusal 404 for one that is not there, or not for this identity */
export async function visibleJob(id: string, identity: Identity, { jobs, config }: ApiDeps): Promise<Job> {
  const found = await jobs.get(id);
  if (found !== undefined && maySeeJob(identity, found, config())) return found;
  throw new Refusal({
    status: 404,
    code: 'not-found',
    detail: 'there is no such job',
    hint: 'jobs are kept for 14 days after their end',
  });
}

function conflict({ state }: Job, reason: string): Refusal {
  return new Refusal({ status: 409, code: 'conflict', detail: `the job is ${state}: ${reason}` });
}
