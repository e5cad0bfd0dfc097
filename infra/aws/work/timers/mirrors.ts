// The timer of the sweeps: their schedules follow the rules, and those whose time has come give their jobs.
import { saveSchedules } from '../../../../functions/sync-mirrors/sweep-schedules.ts';
import { mirrorsMark } from '../../../host/wanted-marks.ts';
import type { IntakeDeps } from '../../host/aws-host.ts';
import { adoptOnce } from '../adopt-once.ts';

/** @throws TransshipError store-unavailable */
export async function keepMirrors(deps: IntakeDeps): Promise<void> {
  const { jobs, clock } = deps;
  const config = deps.config();
  await adoptOnce(deps, {
    name: 'mirrors',
    wanted: mirrorsMark(config),
    keep: () => saveSchedules(jobs, config.rules, clock),
  });
}
