// A cluster whose requests a test looks at, answers in its place, or cuts off: before they have an effect or after it.
import type { ApiObject, Cluster, ClusterRequest } from '../../../shared/cluster/cluster.ts';

export type Meddle = (request: ClusterRequest, send: () => Promise<ApiObject>) => Promise<ApiObject>;

export function faultyCluster(cluster: Cluster, meddle: Meddle): Cluster {
  return { ...cluster, send: (request) => meddle(request, () => cluster.send(request)) };
}

export function isWriteRequest({ method }: ClusterRequest): boolean {
  return method !== 'GET';
}
