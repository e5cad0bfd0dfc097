// Grants by a server: its API plans, decides and lists, and its jobs apply.
import * as z from 'zod';
import { TransshipError } from '../../shared/errors.ts';
import type { ApplyOrder, GrantsDesk } from './grants-desk.ts';
import { isErrorCode } from './exit-codes.ts';
import { callApi, listApi, type Caller } from './server/call-api.ts';
import { followJob } from './server/follow-job.ts';
import { grantShape, journalShape, planShape, reportShape, type ReportShape } from './server/grant-shapes.ts';
import { jobView, type JobView } from './server/shapes.ts';

const PAGE = 200;

const accepted = z.looseObject({ id: z.string() });

const refused = z.looseObject({
  problem: z.looseObject({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});

export function grantsByServer(caller: Caller): GrantsDesk {
  async function decide(path: string, json: object): Promise<ReportShape> {
    const { id } = await callApi(caller, { method: 'POST', path, json }, accepted);
    return reportOf(await jobAtEnd(caller, id));
  }
  const pathOf = (name: string, verb: string) => `/v1/grants/${encodeURIComponent(name)}/${verb}`;

  return {
    list: async () => (await listApi(caller, '/v1/grants', {}, Infinity, grantShape)).items,
    plan: (order = {}) => callApi(caller, { method: 'POST', path: '/v1/grants/plan', json: order }, planShape),
    apply: (order: ApplyOrder) => decide('/v1/grants/apply', order),
    revoke: (name, reason) => decide(pathOf(name, 'revoke'), { reason }),
    async resume(name) {
      const { id } = await callApi(caller, { method: 'POST', path: pathOf(name, 'resume') }, accepted);
      return reportOf(await jobAtEnd(caller, id));
    },
    async *journal({ grant, after }) {
      let last = after ?? 0;
      for (;;) {
        const query = { grant, after: String(last) };
        const { items, hasMore } = await listApi(caller, '/v1/grants/journal', query, PAGE, journalShape);
        yield* items;
        last = items.at(-1)?.seq ?? last;
        if (!hasMore || items.length === 0) return;
      }
    },
  };
}

/** Goes on with the job that took its place, where there is one. */
async function jobAtEnd(caller: Caller, id: string): Promise<JobView> {
  // its history ends with it
  for await (const _ of followJob(caller, id));
  const ended = await callApi(caller, { method: 'GET', path: `/v1/jobs/${encodeURIComponent(id)}` }, jobView);
  return ended.supersededBy === undefined ? ended : jobAtEnd(caller, ended.supersededBy);
}

/** @throws TransshipError what the job ended in */
function reportOf({ result, problem, state }: JobView): ReportShape {
  const report = reportShape.safeParse(result).data;
  if (report !== undefined) return report;
  const refusal = refused.safeParse(result).data?.problem ?? problem;
  const { code = '', message = `the server's job ended as ${state}`, hint } = refusal ?? {};
  throw new TransshipError(isErrorCode(code) ? code : 'server-error', message, hint === undefined ? {} : { hint });
}
