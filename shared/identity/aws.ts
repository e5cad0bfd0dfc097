// Who we are to AWS: the default chain of the AWS tools, a profile, or a role that is assumed by them. The SDK is loaded when it is used.
import type { Agent } from 'node:http';
import type { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { Secret } from '../telemetry/secret.ts';
import type { AwsKeys } from './aws-sign.ts';
import type { CloudAgent } from './cloud-agent.ts';
import { openCloudAgent } from './open-cloud-agent.ts';

export type AwsIdentity = {
  /** The role to assume. */
  roleArn?: string | undefined;
  /** Roles that are assumed on the way to it, the first by whoever we are. */
  roleChain?: readonly string[] | undefined;
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
 * @param agent by which STS and its like are asked; absent: directly
 */
export async function awsCredentials(
  { roleArn, roleChain = [], externalId, profile }: AwsIdentity,
  region: string | undefined,
  agent?: CloudAgent,
): Promise<AwsCredentials> {
  const providers = await import('@aws-sdk/credential-providers');
  const asked = agent === undefined ? {} : { requestHandler: awsAgent(agent) };
  // without a region: those of the single sign-on have one of their own
  let own = providers.fromNodeProviderChain({ clientConfig: asked, ...(profile === undefined ? {} : { profile }) });
  const roles = [...roleChain, ...(roleArn === undefined ? [] : [roleArn])];
  for (const role of roles) {
    own = providers.fromTemporaryCredentials({
      masterCredentials: own,
      params: {
        RoleArn: role,
        RoleSessionName: SESSION_NAME,
        // the last one is the other account's
        ...(externalId === undefined || role !== roles.at(-1) ? {} : { ExternalId: externalId }),
      },
      clientConfig: { ...asked, ...(region === undefined ? {} : { region }) },
    });
  }
  return own;
}

/** Of the options of a request handler of the SDK. */
export function awsAgent(agent: CloudAgent): { httpAgent: Agent; httpsAgent: Agent } {
  return { httpAgent: agent, httpsAgent: agent };
}

/** The keys themselves, for calls that are signed here. @throws what the SDK throws */
export async function awsKeys(identity: AwsIdentity, region: string, env: NodeJS.ProcessEnv): Promise<AwsKeys> {
  const agent = await openCloudAgent(env);
  try {
    const provider = await awsCredentials(identity, region, agent);
    const { accessKeyId, secretAccessKey, sessionToken } = await provider();
    return {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: sessionToken === undefined ? undefined : new Secret(sessionToken),
    };
  } finally {
    agent?.destroy();
  }
}

/** Those of the environment, where they are all that there is to it: a function has them there, and needs no SDK to read them. */
export function keysOf({ roleArn, roleChain = [], profile }: AwsIdentity, env: NodeJS.ProcessEnv): AwsKeys | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key, AWS_SESSION_TOKEN: token, AWS_PROFILE } = env;
  // the SDK takes a profile that is named before keys that stand there
  const isPlain = roleArn === undefined && roleChain.length === 0 && (profile ?? AWS_PROFILE ?? '') === '';
  if (!isPlain || !id || !key) return undefined;
  return { accessKeyId: id, secretAccessKey: new Secret(key), sessionToken: token ? new Secret(token) : undefined };
}

/** In words for people and for the id of an issuer: the same words, the same identity. */
export function describeAwsIdentity({ roleArn, roleChain = [], externalId, profile }: AwsIdentity): string {
  const base = profile === undefined ? 'the AWS default chain' : `the AWS profile ${profile}`;
  const roles = [...roleChain, ...(roleArn === undefined ? [] : [roleArn])];
  const external = externalId === undefined ? '' : ` with external id ${externalId}`;
  return roles.length === 0 ? base : `${roles.toReversed().join(' by ')} by ${base}${external}`;
}
