// The host of the API: what jobs have, and what only requests need. Receivers, senders of clusters and the token endpoint are other
// functions, to which API Gateway leads their requests: this one has none of their secrets.
import { randomBytes } from 'node:crypto';
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { namespaceIntake } from '../../../functions/namespace-created.ts';
import { NO_RECEIVERS } from '../../../functions/registry-push/receivers.ts';
import { messageOf } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { probeRegistry } from '../../../shared/registries/probe-registry.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import type { Connections } from '../../host/connections.ts';
import { awsApiTokens } from '../records/api-tokens.ts';
import type { ApiHostDeps, AwsHost } from './aws-host.ts';
import { followGrants } from './follow-grants.ts';
import { hostOn } from './host-on.ts';
import { laterFetched } from './later-fetched.ts';
import { openConnected } from './open-connected.ts';
import { VERSION } from './user-agent.ts';

/** @throws TransshipError invalid-config for a wrong environment */
export function openApiHost(env: NodeJS.ProcessEnv): AwsHost<ApiHostDeps> {
  const { core, deps: common, connections } = openConnected(env);
  const { clock, dynamo, jobs, settings } = core;
  const noSenders = openClusterSenders({ clusters: [] }, new Secret(randomBytes(32).toString('base64url')));

  function borrow<Value>(pick: (value: Connections) => Value): { value: Value; giveBack: () => void } {
    const { value, giveBack } = connections().borrow();
    return { value: pick(value), giveBack };
  }

  const deps: ApiHostDeps = {
    ...common,
    apiTokens: awsApiTokens({ dynamo, tableName: settings.recordsTable, clock }),
    receivers: () => NO_RECEIVERS,
    clusterSenders: () => noSenders,
    acceptNamespaces: namespaceIntake(common),
    grantsChanged: () => followGrants(common),
    version: VERSION,
    readiness: () => unreadyReason(jobs),
    fetchJson: laterFetched(core),
    async probeRegistry(host) {
      const { value, giveBack } = borrow(({ registries }) => registries);
      return probeRegistry(value.client(host)).finally(giveBack);
    },
    borrowRegistries: () => borrow(({ registries }) => registries),
    borrowGrantBackends: () => borrow(({ grantBackends }) => grantBackends),
    borrowPullMeans: () => borrow((means) => means),
    endsStreams: true,
  };
  return hostOn(core, deps, () => connections().borrow().giveBack);
}

/** The tables are there, and may be read. */
async function unreadyReason(jobs: Pick<JobStore, 'get'>): Promise<string | undefined> {
  try {
    await jobs.get('none');
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
