// Amazon ECR, the private registry of one account in one region. Bulk listing (ListImages) is part of the AWS API, not of the registry's.
import type { AwsIdentity } from '../identity/aws.ts';
import { defineTraits } from './define-traits.ts';
import { parseEcrHost } from './ecr-host.ts';
import { ecrParts } from './ecr-parts.ts';
import type { CloudIdentity, Vendor } from './vendor.ts';

export const ecr: Vendor = {
  kind: 'ecr',
  cloud: 'aws',
  matchesHost: (host) => parseEcrHost(host) !== undefined,
  at: (host) => ({ ...ecr, trustedHosts: layerBucketHosts(host) }),
  traits: defineTraits({
    // "Your authorization token has expired": https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
    login: { endedStatus: 403 },
    // PATCH stores its bytes but reports a wrong Range: https://github.com/aws/containers-roadmap/issues/2831
    // What must go on in another process goes in parts instead.
    upload: { strategy: 'monolithic' },
    referrers: { mode: 'api' },
    // A larger `n` is an error: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImages.html
    tags: { pageSize: 1000 },
    // PutImage 10; Initiate- and CompleteLayerUpload 100; BatchCheckLayerAvailability 1,000; BatchGetImage 2,000 a second.
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
    ratesPerSecond: { head: 800, read: 1600, start: 80, upload: 80, 'manifest-write': 8 },
  }),
  layerParts: ({ identity, ...place }) => ecrParts({ ...place, identity: awsIdentity(identity) }),
  createRepository: async ({ port, repository, identity, env }, settings) => {
    const { createEcrRepository } = await import('./ecr-api.ts');
    return createEcrRepository(port.host, repository, settings, awsIdentity(identity), await env?.());
  },
};

function awsIdentity(identity: CloudIdentity | undefined): AwsIdentity {
  return identity !== undefined && 'aws' in identity ? identity.aws : {};
}

/**
 * The one bucket per region that layers are downloaded from, under each of S3's names for it.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
 */
function layerBucketHosts(host: string): string[] {
  const told = parseEcrHost(host);
  if (told === undefined) return [];
  const { region, isChina } = told;
  const suffix = isChina ? 'amazonaws.com.cn' : 'amazonaws.com';
  const bucket = `prod-${region}-starport-layer-bucket`;
  return [
    `${bucket}.s3.${region}.${suffix}`,
    `${bucket}.s3.dualstack.${region}.${suffix}`,
    `${bucket}.s3-fips.${region}.${suffix}`,
    `${bucket}.s3-fips.dualstack.${region}.${suffix}`,
    `${bucket}.s3.${suffix}`,
  ];
}
