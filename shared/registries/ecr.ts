// Amazon ECR, the private registry of one account in one region. Bulk listing (ListImages) is part of the AWS API, not of the registry's.
import { defineTraits } from './define-traits.ts';
import type { Vendor } from './vendor.ts';

// The forms of every partition, FIPS and dual-stack: https://github.com/kubernetes/cloud-provider-aws/blob/master/cmd/ecr-credential-provider/main.go
const HOST =
  /^\d{12}\.dkr[.-]ecr(?:-fips)?\.(?<region>[a-z0-9][a-z0-9_-]*)\.(?:amazonaws\.(?:com(?<china>\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com(?<dualStackChina>\.cn))|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;

export const ecr: Vendor = {
  kind: 'ecr',
  matchesHost: (host) => HOST.test(host),
  at: (host) => ({ ...ecr, trustedHosts: layerBucketHosts(host) }),
  traits: defineTraits({
    // PATCH stores its bytes but reports a wrong Range: https://github.com/aws/containers-roadmap/issues/2831
    upload: { strategy: 'monolithic' },
    referrers: { mode: 'api' },
    // A larger `n` is an error: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ListImages.html
    tags: { pageSize: 1000 },
    // PutImage 10; Initiate- and CompleteLayerUpload 100; BatchCheckLayerAvailability 1,000; BatchGetImage 2,000 a second.
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
    ratesPerSecond: { head: 800, read: 1600, start: 80, upload: 80, 'manifest-write': 8 },
  }),
};

/**
 * The one bucket per region that layers are downloaded from, under each of S3's names for it.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
 */
function layerBucketHosts(host: string): string[] {
  const groups = HOST.exec(host)?.groups;
  if (groups === undefined) return [];
  const region = groups['region'] ?? '';
  const isChina = groups['china'] !== undefined || groups['dualStackChina'] !== undefined;
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
