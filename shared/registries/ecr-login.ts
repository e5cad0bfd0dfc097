// Asks AWS for the authorization token of private ECR registries.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
import { interruption } from '../identity/time-limit.ts';
import { type AwsIdentity, describeAwsIdentity } from '../identity/aws.ts';
import { awsError } from '../identity/aws-error.ts';
import { clockOffset } from '../identity/clock-offset.ts';
import { cloudEnvironment } from './cloud-environment.ts';
import { withEcrClient } from './ecr-client.ts';
import { parseEcrHost } from './ecr-host.ts';
import { parseEcrToken } from './ecr-token.ts';
import type { IssuedCredential, IssueOptions } from './issuer.ts';
import type { IssuerPlace } from './vendor.ts';

/** @throws TransshipError by what AWS answered */
export async function fetchEcrLogin(
  place: IssuerPlace,
  identity: AwsIdentity,
  now: () => number,
  { signal }: IssueOptions = {},
): Promise<IssuedCredential> {
  const { host } = place;
  try {
    const env = await cloudEnvironment(place);
    return await withEcrClient(host, identity, env, async ({ calls, serverDate }) => {
      const { authorizationData } = await calls.getAuthorizationToken({}, { ...(signal && { abortSignal: signal }) });
      const [data] = authorizationData ?? [];
      const account = parseEcrHost(URL.parse(data?.proxyEndpoint ?? '')?.host ?? '')?.account;
      return parseEcrToken({
        registry: host,
        authorizationToken: data?.authorizationToken,
        expiresAt: data?.expiresAt,
        clockOffsetMs: clockOffset(serverDate(), now()),
        now: now(),
        identity: identityInWords(identity, account),
      });
    });
  } catch (error) {
    if (signal?.aborted === true) throw interruption(signal);
    const details = { registry: host, operation: 'log in' };
    throw awsError(error, { action: 'ecr:GetAuthorizationToken', what: host, details, issues: true });
  }
}

function identityInWords(identity: AwsIdentity, account: string | undefined): string {
  if (identity.roleArn !== undefined) return identity.roleArn;
  const who = describeAwsIdentity(identity);
  return account === undefined ? who : `${who} (account ${account})`;
}
