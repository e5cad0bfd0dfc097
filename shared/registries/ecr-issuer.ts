// Credentials of private ECR registries: one token opens every account that the principal may read, in its region and nowhere else.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
import { type AwsIdentity, describeAwsIdentity } from '../identity/aws.ts';
import { awsPartition } from '../identity/aws-partition.ts';
import { parseEcrHost } from './ecr-host.ts';
import type { Issuer } from './issuer.ts';
import type { IssuerPlace } from './vendor.ts';

/** The SDK is loaded when the first token is asked for. */
export function ecrIssuer(place: IssuerPlace, identity: AwsIdentity, now: () => number = Date.now): Issuer {
  const { host, aliases } = place;
  return {
    id: issuerId(host, identity),
    hosts: [...new Set([host, ...aliases])],
    // loaded when the first one is issued: most runs log in to no ECR
    issue: async (options) => (await import('./ecr-login.ts')).fetchEcrLogin(place, identity, now, options),
  };
}

/** Without the account: the registry's own has no part in the token. */
function issuerId(host: string, identity: AwsIdentity): string {
  const told = parseEcrHost(host);
  const region = told?.region ?? identity.region;
  const where = region === undefined ? 'the default region' : `${region} (${awsPartition(region).name})`;
  const variant = [told?.isFips ? ' fips' : '', told?.isDualStack ? ' dual-stack' : ''].join('');
  return `ecr: ${describeAwsIdentity(identity)} in ${where}${variant}`;
}
