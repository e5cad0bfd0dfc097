// What the official client makes of a cluster and a user of a kubeconfig: options of a request. Only the part of the client that does so is
// imported here, and by name: a bundle then leaves out all the rest of it, which is most of a megabyte.
import { KubeConfig, type Cluster, type User } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';

/** Says in `options` what such a request needs: an agent, a certificate, an Authorization header. */
export async function applyClientOptions(options: RequestOptions, cluster: Cluster, user: User): Promise<void> {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(cluster, user);
  await config.applyToHTTPSOptions(options);
}
