// Who we are to AWS: the default chain of the AWS tools, a profile, or a role that is assumed by them. The SDK is loaded when it is used.
import type { fromNodeProviderChain } from '@aws-sdk/credential-providers';

export type AwsIdentity = {
  /** The role to assume. */
  roleArn?: string | undefined;
  /** What the role asks for of whoever assumes it from another account. */
  externalId?: string | undefined;
  /** Where the host of the registry does not tell. */
  region?: string | undefined;
  /** Of the AWS configuration files. */
  profile?: string | undefined;
};

type AwsCredentials = ReturnType<typeof fromNodeProviderChain>;

/** Shown in the account's own log of who assumed a role. */
const SESSION_NAME = 'transship';

/**
 * Credentials for a client of the SDK; they are looked for when it first sends something.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export async function awsCredentials(
  { roleArn, externalId, profile }: AwsIdentity,
  region: string | undefined,
): Promise<AwsCredentials> {
  const providers = await import('@aws-sdk/credential-providers');
  const own = providers.fromNodeProviderChain(profile === undefined ? {} : { profile });
  if (roleArn === undefined) return own;
  return providers.fromTemporaryCredentials({
    masterCredentials: own,
    params: {
      RoleArn: roleArn,
      RoleSessionName: SESSION_NAME,
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    },
    clientConfig: region === undefined ? {} : { region },
  });
}
