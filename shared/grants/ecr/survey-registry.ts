// What has to be known of an ECR registry before it can be said what grants are there: its repositories, and whether its own policy counts.
import { interruption } from '../../identity/time-limit.ts';
import { awsError } from '../../identity/aws-error.ts';
import type { EcrCalls } from '../../registries/ecr-client.ts';
import { parseEcrHost } from '../../registries/ecr-host.ts';
import { REGISTRY_POLICY_SCOPE } from './survey-facts.ts';

type Options = { signal?: AbortSignal | undefined };

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html */
const PAGE = 1000;

/** The names of all repositories, sorted. @throws TransshipError as AWS answers */
export async function listEcrRepositories(
  calls: EcrCalls['calls'],
  host: string,
  { signal }: Options,
): Promise<readonly string[]> {
  const account = parseEcrHost(host)?.account;
  const names: string[] = [];
  let nextToken: string | undefined;
  try {
    do {
      const page = await calls.describeRepositories(
        {
          maxResults: PAGE,
          ...(account === undefined ? {} : { registryId: account }),
          ...(nextToken === undefined ? {} : { nextToken }),
        },
        signal === undefined ? {} : { abortSignal: signal },
      );
      names.push(
        ...(page.repositories ?? []).flatMap(({ repositoryName: name }) => (name === undefined ? [] : [name])),
      );
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  } catch (error) {
    if (signal?.aborted === true) throw interruption(signal);
    throw awsError(error, { action: 'ecr:DescribeRepositories', what: host, details: { registry: host } });
  }
  return names.toSorted();
}

/**
 * `V2`: the registry's own policy counts for pulls. Nothing where that may not be read, or is not offered: then it is not used.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions-account-settings.html
 * @throws TransshipError as AWS answers, so that a passing failure does not move grants from one policy to others
 */
export async function registryPolicyScope(
  calls: EcrCalls['calls'],
  host: string,
  { signal }: Options,
): Promise<Readonly<Record<string, string>>> {
  try {
    const options = signal === undefined ? {} : { abortSignal: signal };
    const { value } = await calls.getAccountSetting({ name: 'REGISTRY_POLICY_SCOPE' }, options);
    return value === undefined ? {} : { [REGISTRY_POLICY_SCOPE]: value };
  } catch (error) {
    if (signal?.aborted === true) throw interruption(signal);
    const failure = awsError(error, { action: 'ecr:GetAccountSetting', what: host, details: { registry: host } });
    if (failure.retryable || failure.code === 'unauthorized') throw failure;
    return {};
  }
}
