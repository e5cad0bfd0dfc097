// The timer of the distribution of credentials: schedules follow the rules and the requests for access, and each cluster is looked at once
// when the configuration wants something else of it.
import { credentialRules } from '../../../../functions/access/credential-rules.ts';
import { credentialsJob } from '../../../../functions/job-kinds/credentials-job.ts';
import {
  distributedClusters,
  saveCredentialSchedules,
} from '../../../../functions/refresh-credentials/credential-schedules.ts';
import { credentialsMark } from '../../../host/wanted-marks.ts';
import type { IntakeDeps } from '../../host/aws-host.ts';
import { adoptOnce } from '../adopt-once.ts';
import { tellExpiring } from './expiring-credentials.ts';

/** @throws TransshipError store-unavailable */
export async function keepCredentials(deps: IntakeDeps): Promise<void> {
  const { jobs, clock } = deps;
  const wanted = credentialsMark(deps.config());
  const rules = { credentials: await credentialRules(deps) };
  await adoptOnce(deps, {
    name: 'credentials',
    wanted,
    keep: () => saveCredentialSchedules(jobs, rules, clock),
    async changed(key) {
      const asked = distributedClusters(rules).map((cluster) =>
        jobs.accept(credentialsJob({ cluster, trigger: 'config' }), `${key}:${cluster}`),
      );
      await Promise.all(asked);
    },
  });
  await tellExpiring(deps, distributedClusters(rules));
}
