// A client of the AWS API for one call about a private registry of ECR: calls are hours apart.
import type { ECR } from '@aws-sdk/client-ecr';
import { awsCredentials, type AwsIdentity } from '../identity/aws.ts';
import { parseEcrHost } from './ecr-host.ts';

type Calls = Pick<ECR, 'getAuthorizationToken' | 'createRepository'>;

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
  const sdk = await import('@aws-sdk/client-ecr');
  const told = parseEcrHost(host);
  const region = told?.region ?? identity.region;
  // the SDK refuses these beside an endpoint of the user's own
  const variants = hasOwnEndpoint(env) ? undefined : told;
  const ecr = new sdk.ECR({
    credentials: await awsCredentials(identity, region),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: ANSWER_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...(region === undefined ? {} : { region }),
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
  try {
    return await work({ calls: ecr, serverDate: () => date });
  } finally {
    ecr.destroy();
  }
}

function hasOwnEndpoint(env: NodeJS.ProcessEnv): boolean {
  return (env['AWS_ENDPOINT_URL_ECR'] ?? env['AWS_ENDPOINT_URL'] ?? '') !== '';
}

function dateOf(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null || !('date' in headers)) return undefined;
  return typeof headers.date === 'string' ? headers.date : undefined;
}
