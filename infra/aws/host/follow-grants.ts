// What follows at once when grants or requests for access were declared or withdrawn over the API; the timers would find it, too.
import { credentialRulesOf } from '../../../functions/access/credential-rules.ts';
import { saveGrantSchedule } from '../../../functions/reconcile-grants/grant-schedules.ts';
import { saveCredentialSchedules } from '../../../functions/refresh-credentials/credential-schedules.ts';
import { desiredGrants } from '../../../shared/grants/desired-grants.ts';
import type { IntakeDeps } from './aws-host.ts';

/** Brings the schedules in line with them. @throws TransshipError store-unavailable */
export async function followGrants(deps: Pick<IntakeDeps, 'clock' | 'config' | 'grants' | 'jobs'>): Promise<void> {
  const { clock, jobs } = deps;
  const config = deps.config();
  const state = await deps.grants.state();
  // some are there, or were: what is left of those has to go
  const areThere = desiredGrants(config.grants, state).length > 0 || state.grants.size > 0;
  await saveGrantSchedule(jobs, config, areThere, clock);
  await saveCredentialSchedules(jobs, { credentials: credentialRulesOf(config, state, clock.now()) }, clock);
}
