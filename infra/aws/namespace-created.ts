// The function that clusters tell of new Namespaces, and whose API servers ask it: `/k8s/<admission|events>[/<cluster>]/<token>`.
import { createClusterApi } from '../../functions/http-api/create-cluster-api.ts';
import { openClusterSenders } from '../../functions/namespace-created/cluster-senders.ts';
import { namespaceIntake } from '../../functions/namespace-created.ts';
import { httpHandler } from './host/http/serve-http.ts';
import { openPreparedIntake } from './host/open-intake.ts';

const host = openPreparedIntake(process.env, async (config, { masterKey }) =>
  openClusterSenders(config, await masterKey(config)),
);

export const handler = httpHandler(
  host,
  createClusterApi({ ...host.deps, clusterSenders: host.prepared, acceptNamespaces: namespaceIntake(host.deps) }),
);
