// Amazon ECR Public, the one public gallery of AWS.
import { defineTraits } from './define-traits.ts';
import type { Vendor } from './vendor.ts';

const HOSTS = new Set(['public.ecr.aws', 'ecr-public.aws.com']);

export const ecrPublic: Vendor = {
  kind: 'ecr-public',
  cloud: 'aws',
  matchesHost: (host) => HOSTS.has(host),
  // Layers come from two CloudFront distributions: https://anywhere.eks.amazonaws.com/docs/getting-started/nutanix/domains/
  trustedHosts: ['d2glxqk2uabbnd.cloudfront.net', 'd5l0dvt14r5h8.cloudfront.net'],
  traits: defineTraits({
    upload: { strategy: 'monolithic' },
    referrers: { mode: 'api' },
    // HEAD on a blob answers 401 where GET works: https://github.com/distribution/distribution/issues/4383
    blob: { headReliable: false },
    // PutImage, Initiate- and CompleteLayerUpload and signed-in pulls: 10 a second each.
    // https://docs.aws.amazon.com/AmazonECR/latest/public/public-service-quotas.html
    ratesPerSecond: { read: 8, start: 8, upload: 8, 'manifest-write': 8 },
  }),
};
