// Access by a server: its job brings it about, and another one makes the copy where that was asked for.
import * as z from 'zod';
import { accessReport, type AccessEffect, type AccessReport } from '../../functions/access/access-report.ts';
import { TransshipError } from '../../shared/errors.ts';
import type { AccessDesk } from './access-desk.ts';
import { isErrorCode } from './exit-codes.ts';
import { callApi, type Caller } from './server/call-api.ts';
import { followJob } from './server/follow-job.ts';
import { jobView, targetsOf, type JobView } from './server/shapes.ts';

const accepted = z.looseObject({ id: z.string() });

export function accessByServer(caller: Caller): AccessDesk {
  return {
    preview: (order) =>
      callApi(caller, { method: 'POST', path: '/v1/access', json: { ...order, dryRun: true } }, accessReport),
    async apply(order) {
      const { id } = await callApi(caller, { method: 'POST', path: '/v1/access', json: order }, accepted);
      const report = reportOf(await jobAtEnd(caller, id));
      const effects = await Promise.all(report.effects.map((effect) => mirrored(caller, effect)));
      const isPartly = report.state === 'done' && effects.some(({ state }) => state === 'failed');
      return { ...report, state: isPartly ? 'partly' : report.state, effects };
    },
  };
}

async function mirrored(caller: Caller, effect: AccessEffect): Promise<AccessEffect> {
  if (effect.effect !== 'mirror' || effect.job === undefined) return effect;
  const { why: _, ...rest } = effect;
  const ended = await jobAtEnd(caller, effect.job);
  const target = targetsOf(ended)[0];
  if (ended.state === 'DONE' && target?.state === 'unchanged') return { ...rest, state: 'unchanged' };
  if (ended.state === 'DONE' && target?.state === 'copied') return { ...rest, state: 'done' };
  const { message, hint } = ended.problem ?? {};
  const why = message ?? `its job ended as ${ended.state}`;
  return { ...rest, state: 'failed', why, ...(hint === undefined ? {} : { hint }) };
}

/** Goes on with the job that took its place, where there is one. */
async function jobAtEnd(caller: Caller, id: string): Promise<JobView> {
  // its history ends with it
  for await (const _ of followJob(caller, id));
  const ended = await callApi(caller, { method: 'GET', path: `/v1/jobs/${encodeURIComponent(id)}` }, jobView);
  return ended.supersededBy === undefined ? ended : jobAtEnd(caller, ended.supersededBy);
}

/** @throws TransshipError what the job ended in */
function reportOf({ result, problem, state }: JobView): AccessReport {
  const report = accessReport.safeParse(result).data;
  if (report !== undefined) return report;
  const { code = '', message = `the server's job ended as ${state}`, hint } = problem ?? {};
  throw new TransshipError(isErrorCode(code) ? code : 'server-error', message, hint === undefined ? {} : { hint });
}
