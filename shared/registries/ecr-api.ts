// The call to the AWS API that copies to ECR need beside the registry's own: the creation of repositories.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html
import type { AwsIdentity } from '../identity/aws.ts';
import { awsError } from '../identity/aws-error.ts';
import { withEcrClient } from './ecr-client.ts';
import { parseEcrHost } from './ecr-host.ts';
import type { CreateRepositorySettings } from './vendor.ts';

/**
 * Makes a repository; one that is there already stays as it is.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
 * @throws TransshipError denied, unauthorized, too-many-requests, connection-failed, registry-error
 */
export async function createEcrRepository(
  host: string,
  repository: string,
  { tagMutability, scanOnPush, tags }: CreateRepositorySettings,
  identity: AwsIdentity,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const account = parseEcrHost(host)?.account;
  try {
    await withEcrClient(host, identity, env, ({ calls }) =>
      calls.createRepository({
        repositoryName: repository,
        ...(account === undefined ? {} : { registryId: account }),
        ...(tagMutability === undefined
          ? {}
          : { imageTagMutability: tagMutability === 'immutable' ? 'IMMUTABLE' : 'MUTABLE' }),
        ...(scanOnPush === undefined ? {} : { imageScanningConfiguration: { scanOnPush } }),
        ...(tags === undefined ? {} : { tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
      }),
    );
  } catch (error) {
    if (error instanceof Error && error.name === 'RepositoryAlreadyExistsException') return;
    const details = { registry: host, repository, operation: 'create repository' };
    throw awsError(error, { action: 'ecr:CreateRepository', what: `${host}/${repository}`, details });
  }
}
