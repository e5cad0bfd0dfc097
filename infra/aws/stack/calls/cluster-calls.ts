// What functions call to reach clusters. A cluster of EKS is asked for its address by whoever logs in to it; the login itself needs no
// right of AWS, but an access entry of the cluster.
import type { ClusterConfig, Config } from '../../../../shared/config/config.ts';
import { awsPartition } from '../../../../shared/identity/aws-partition.ts';
import { sub } from '../fragment.ts';
import { allowIfAny, type Statement } from './statement.ts';

type Eks = Extract<ClusterConfig, { eks: unknown }>['eks'];

/** The EKS clusters of a configuration, or the one of this name. */
export function eksClusters({ clusters }: Config, name?: string): Eks[] {
  return clusters.flatMap((cluster) =>
    'eks' in cluster && (name === undefined || cluster.name === name) ? [cluster.eks] : [],
  );
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html */
export function describeCalls(clusters: readonly Eks[]): Statement[] {
  const own = clusters.filter(
    ({ roleArn, profile, endpoint }) => roleArn === undefined && profile === undefined && endpoint === undefined,
  );
  const arns = own.map(
    ({ region, cluster }) =>
      // partitions have no regions in common
      `arn:${awsPartition(region).name}:eks:${region}:\${AWS::AccountId}:cluster/${cluster}`,
  );
  return allowIfAny('FindClusters', ['eks:DescribeCluster'], [...new Set(arns)].toSorted().map(sub));
}
