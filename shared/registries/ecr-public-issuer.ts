// Credentials of Amazon ECR Public: one token for the whole gallery.
import { type AwsIdentity, describeAwsIdentity } from '../identity/aws.ts';
import type { Issuer } from './issuer.ts';
import type { IssuerPlace } from './vendor.ts';

/** The identity needs ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken. */
export function ecrPublicIssuer(place: IssuerPlace, identity: AwsIdentity, now: () => number = Date.now): Issuer {
  const { host, aliases } = place;
  return {
    id: `ecr-public: ${describeAwsIdentity(identity)}`,
    hosts: [...new Set([host, ...aliases])],
    issue: async (options) =>
      (await import('./ecr-public-login.ts')).fetchEcrPublicLogin(place, identity, now, options),
  };
}
