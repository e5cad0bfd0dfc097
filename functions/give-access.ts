// The worker of access jobs: brings a request for access about, and reports each of its effects. The copy that may be asked for is a job of
// its own.
import { TransshipError } from '../shared/errors.ts';
import type { JobHandler } from '../shared/jobs/handler.ts';
import { applyAccess, prepareAccess } from './access/apply-access.ts';
import type { Deps } from './deps.ts';
import { ACCESS, accessPayload, type AccessPayload } from './job-kinds/access-job.ts';
import { grantsJob } from './job-kinds/grants-job.ts';
import { mirrorJob } from './job-kinds/mirror-job.ts';

export function giveAccess(deps: Deps): JobHandler {
  return async ({ job, ending, signal: lost }) => {
    const { order, actor } = payloadOf(job.payload);
    const signal = AbortSignal.any([ending, lost]);
    const plan = await prepareAccess(deps, order, { actor, signal });
    const report = await applyAccess(deps, plan, {
      actor,
      holder: `${job.id} ${job.fence}`,
      signal,
      async mirror(payload) {
        // the same one, however often this job is tried
        const { id } = await deps.jobs.accept(mirrorJob(payload), `access:${job.id}`);
        return { state: 'planned', job: id, why: 'a job copies it' };
      },
    });
    // it ends by itself, and a run over the grants then sees to what goes with it
    if (plan.grant !== undefined && plan.until !== undefined) {
      await deps.jobs.accept(grantsJob({ trigger: 'schedule' }, { runAt: plan.until }));
    }
    return { result: { ...report } };
  };
}

/** @throws TransshipError invalid-job */
function payloadOf(json: unknown): AccessPayload {
  const parsed = accessPayload.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new TransshipError('invalid-job', `the payload of an ${ACCESS} job is wrong at "${place}": ${issue?.message}`, {
    hint: 'another version of Transship wrote it; ask for the access again',
  });
}
