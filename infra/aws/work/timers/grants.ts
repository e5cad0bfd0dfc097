// The timer of grants: their schedule is there as long as they are, and all are looked at once when the configuration wants something else.
import { grantsJob } from '../../../../functions/job-kinds/grants-job.ts';
import { saveGrantSchedule } from '../../../../functions/reconcile-grants/grant-schedules.ts';
import { desiredGrants } from '../../../../shared/grants/desired-grants.ts';
import { grantsMark } from '../../../host/wanted-marks.ts';
import type { IntakeDeps } from '../../host/aws-host.ts';
import { adoptOnce } from '../adopt-once.ts';

/** @throws TransshipError store-unavailable */
export async function keepGrants(deps: IntakeDeps): Promise<void> {
  const { jobs, clock } = deps;
  const config = deps.config();
  const state = await deps.grants.state();
  // some are there, or were: what is left of those has to go
  const areThere = desiredGrants(config.grants, state).length > 0 || state.grants.size > 0;
  await adoptOnce(deps, {
    name: 'grants',
    wanted: grantsMark(config),
    keep: () => saveGrantSchedule(jobs, config, areThere, clock),
    async changed(key) {
      if (areThere) await jobs.accept(grantsJob({ trigger: 'config' }), key);
    },
  });
}
