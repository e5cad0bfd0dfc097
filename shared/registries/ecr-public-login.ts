// Asks AWS for the token of Amazon ECR Public, in the one region that issues it.
// https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetAuthorizationToken.html
import { callAws, objectAt } from '../identity/aws-call.ts';
import { awsEndpoint } from '../identity/aws-endpoint.ts';
import { type AwsIdentity, describeAwsIdentity } from '../identity/aws.ts';
import { cloudEnvironment } from './cloud-environment.ts';
import { parseEcrToken } from './ecr-token.ts';
import type { IssuedCredential, IssueOptions } from './issuer.ts';
import type { IssuerPlace } from './vendor.ts';

/** Every other one answers UnsupportedCommandException. */
const REGION = 'us-east-1';

/** @throws TransshipError by what AWS answered */
export async function fetchEcrPublicLogin(
  place: IssuerPlace,
  identity: AwsIdentity,
  now: () => number,
  { signal }: IssueOptions = {},
): Promise<IssuedCredential> {
  const { host } = place;
  const env = await cloudEnvironment(place);
  const { body, clockOffsetMs } = await callAws(
    {
      method: 'POST',
      url: awsEndpoint({ host: 'api.ecr-public', variable: 'ECR_PUBLIC', region: REGION }, env),
      service: 'ecr-public',
      region: REGION,
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'SpencerFrontendService.GetAuthorizationToken',
      },
      body: '{}',
      // it also needs sts:GetServiceBearerToken, and AWS answers the same without it
      action: 'ecr-public:GetAuthorizationToken with sts:GetServiceBearerToken',
      what: host,
      details: { registry: host, operation: 'log in' },
      issues: true,
    },
    { identity, env, signal, now },
  );
  const { authorizationToken, expiresAt } = objectAt(body, 'authorizationData');
  return parseEcrToken({
    registry: host,
    authorizationToken: typeof authorizationToken === 'string' ? authorizationToken : undefined,
    // seconds since the epoch, with a fraction
    expiresAt: typeof expiresAt === 'number' ? new Date(expiresAt * 1000) : undefined,
    clockOffsetMs,
    now: now(),
    identity: identity.roleArn ?? describeAwsIdentity(identity),
  });
}
