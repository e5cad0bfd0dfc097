// The partitions of AWS: which of its separate worlds a region belongs to, and what its addresses and resource names look like there.
// https://github.com/aws/aws-sdk-js-v3/blob/main/packages-internal/core/src/submodules/client/util-endpoints/lib/aws/partitions.json

export type AwsPartition = {
  /** As resource names have it: `arn:aws-cn:…`. */
  name: string;
  /** Of the addresses of its APIs: `ecr.eu-west-1.amazonaws.com`. */
  dnsSuffix: string;
  /** Of those that have IPv6 as well. */
  dualStackSuffix: string;
};

const AWS: AwsPartition = { name: 'aws', dnsSuffix: 'amazonaws.com', dualStackSuffix: 'api.aws' };

const OTHERS: readonly [RegExp, AwsPartition][] = [
  [/^cn-/, { name: 'aws-cn', dnsSuffix: 'amazonaws.com.cn', dualStackSuffix: 'api.amazonwebservices.com.cn' }],
  [/^us-gov-/, { name: 'aws-us-gov', dnsSuffix: 'amazonaws.com', dualStackSuffix: 'api.aws' }],
  [/^us-iso-/, { name: 'aws-iso', dnsSuffix: 'c2s.ic.gov', dualStackSuffix: 'api.aws.ic.gov' }],
  [/^us-isob-/, { name: 'aws-iso-b', dnsSuffix: 'sc2s.sgov.gov', dualStackSuffix: 'api.aws.scloud' }],
  [/^eu-isoe-/, { name: 'aws-iso-e', dnsSuffix: 'cloud.adc-e.uk', dualStackSuffix: 'api.cloud-aws.adc-e.uk' }],
  [/^(?:us|eu)-isof-/, { name: 'aws-iso-f', dnsSuffix: 'csp.hci.ic.gov', dualStackSuffix: 'api.aws.hci.ic.gov' }],
  [/^eusc-/, { name: 'aws-eusc', dnsSuffix: 'amazonaws.eu', dualStackSuffix: 'api.amazonwebservices.eu' }],
];

/** The commercial one for a region that nobody knows. */
export function awsPartition(region: string): AwsPartition {
  return OTHERS.find(([regions]) => regions.test(region))?.[1] ?? AWS;
}
