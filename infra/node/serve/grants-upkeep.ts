// Keeps grants reconciled while the server runs: which there are, their schedule, and a look at all of them whenever the configuration has
// changed something of them. The work itself is done by jobs.
import { credentialRulesOf } from '../../../functions/access/credential-rules.ts';
import type { Deps } from '../../../functions/deps.ts';
import { grantsJob } from '../../../functions/job-kinds/grants-job.ts';
import { grantedClusters } from '../../../functions/namespace-created/concerns-grants.ts';
import { saveGrantSchedule } from '../../../functions/reconcile-grants/grant-schedules.ts';
import type { CredentialRuleConfig } from '../../../shared/config/config.ts';
import { desiredGrants } from '../../../shared/grants/desired-grants.ts';
import { emptyGrants } from '../../../shared/grants/fold-journal.ts';
import type { PullGrant } from '../../../shared/grants/grant.ts';
import { grantsMark } from '../../host/wanted-marks.ts';

export type GrantsUpkeep = {
  /** As they were read last. */
  known: () => readonly PullGrant[];
  /** Of credentials: those of the configuration, and those of requests for access as they were read last. */
  rules: () => readonly CredentialRuleConfig[];
  /** The clusters whose Namespaces they look at. */
  clusters: () => readonly string[];
  /** Reads them anew, and takes over how often they are looked at. @throws TransshipError store-unavailable */
  read: () => Promise<void>;
  /**
   * Asks for a look at all of them, where the configuration or its connections are others than the last time.
   * @throws TransshipError store-unavailable
   */
  adopt: (connectionsMark: string) => Promise<void>;
};

export function grantsUpkeep(deps: Pick<Deps, 'clock' | 'config' | 'grants' | 'jobs'>): GrantsUpkeep {
  const { clock, config, grants, jobs } = deps;
  let known: readonly PullGrant[] = [];
  let state = emptyGrants();
  /** Some are there, or were: what is left of those has to go. */
  let isNeeded = false;
  let adopted = '';

  return {
    known: () => known,
    rules: () => credentialRulesOf(config(), state, clock.now()),
    clusters: () => grantedClusters(known),
    async read() {
      state = await grants.state();
      known = desiredGrants(config().grants, state);
      isNeeded = known.length > 0 || state.grants.size > 0;
      await saveGrantSchedule(jobs, config(), isNeeded, clock);
    },
    async adopt(connectionsMark) {
      const next = JSON.stringify([grantsMark(config()), connectionsMark]);
      if (next === adopted) return;
      if (isNeeded) await jobs.accept(grantsJob({ trigger: 'config' }));
      adopted = next;
    },
  };
}
