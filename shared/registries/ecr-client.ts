// A client of the AWS API for private registries of ECR: for one call, where calls are hours apart, or for as long as somebody needs it.
import type { ECR } from '@aws-sdk/client-ecr';
import { awsAgent, awsCredentials, type AwsIdentity } from '../identity/aws.ts';
import { openCloudAgent } from '../identity/open-cloud-agent.ts';
import { hasOwnEndpoint } from './ecr-endpoint.ts';
import { parseEcrHost } from './ecr-host.ts';

type Calls = Pick<
  ECR,
  | 'getAuthorizationToken'
  | 'createRepository'
  | 'initiateLayerUpload'
  | 'completeLayerUpload'
  | 'send'
  | 'describeRepositories'
  | 'getAccountSetting'
  | 'getRepositoryPolicy'
  | 'setRepositoryPolicy'
  | 'deleteRepositoryPolicy'
  | 'getRegistryPolicy'
  | 'putRegistryPolicy'
  | 'deleteRegistryPolicy'
>;

const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 30_000;

/** What is asked of AWS, and the Date header of its last answer. */
export type EcrCalls = { calls: Calls; serverDate: () => string | undefined };

export async function withEcrClient<Result>(
  host: string,
  identity: AwsIdentity,
  env: NodeJS.ProcessEnv,
  work: (ecr: EcrCalls) => Promise<Result>,
): Promise<Result> {
  const ecr = await openEcrClient(host, identity, env);
  try {
    return await work(ecr);
  } finally {
    ecr.close();
  }
}

/** Its credentials are renewed as they end. Whoever opens it closes it. @param options `tries` of each call, by the SDK */
export async function openEcrClient(
  host: string,
  identity: AwsIdentity,
  env: NodeJS.ProcessEnv,
  { tries }: { tries?: number } = {},
): Promise<EcrCalls & { close: () => void }> {
  const sdk = await import('@aws-sdk/client-ecr');
  const told = parseEcrHost(host);
  const region = told?.region ?? identity.region;
  // the SDK refuses these beside an endpoint of the user's own
  const variants = hasOwnEndpoint(env) ? undefined : told;
  const agent = await openCloudAgent(env);
  const ecr = new sdk.ECR({
    credentials: await awsCredentials(identity, region, agent),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: ANSWER_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      ...(agent === undefined ? {} : awsAgent(agent)),
    },
    ...(region === undefined ? {} : { region }),
    ...(tries === undefined ? {} : { maxAttempts: tries }),
    ...(identity.profile === undefined ? {} : { profile: identity.profile }),
    ...(variants?.isFips ? { useFipsEndpoint: true } : {}),
    ...(variants?.isDualStack ? { useDualstackEndpoint: true } : {}),
  });
  let date: string | undefined;
  ecr.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = dateOf(result.response);
      return result;
    },
    { step: 'deserialize', name: 'transshipServerDate', priority: 'low' },
  );
  const close = (): void => {
    ecr.destroy();
    agent?.destroy();
  };
  return { calls: ecr, serverDate: () => date, close };
}

function dateOf(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return undefined;
  return typeof headers.date === 'string' ? headers.date : undefined;
}
