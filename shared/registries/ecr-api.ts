// The calls to the AWS API that ECR needs beside the registry's own: a login, and the creation of repositories.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/Welcome.html
import type { ECR } from '@aws-sdk/client-ecr';
import { TransshipError } from '../errors.ts';
import { awsCredentials, type AwsIdentity } from '../identity/aws.ts';
import { awsError } from '../identity/aws-error.ts';
import type { Credential, CredentialSource } from '../oci/credential.ts';
import { Secret } from '../telemetry/secret.ts';
import { parseEcrHost } from './ecr-host.ts';
import { rememberedCredential } from './remembered-credential.ts';
import type { CreateRepositorySettings } from './vendor.ts';

/** What AWS documents; taken where the time it states is over already, by a clock that is wrong here or there. */
const TOKEN_LIFE_MS = 12 * 60 * 60 * 1000;
/** A token is given up this long before it ends, or after nine tenths of its life if that is earlier. */
const MARGIN_MS = 30 * 60 * 1000;

/** A login that is asked for anew before it ends. The source throws TransshipError by what AWS answered. */
export function ecrCredentials(host: string, identity: AwsIdentity, now: () => number = Date.now): CredentialSource {
  return rememberedCredential(() => fetchLogin(host, identity, now), now);
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
async function fetchLogin(host: string, identity: AwsIdentity, now: () => number): Promise<Credential> {
  const call = { action: 'ecr:GetAuthorizationToken', what: host, details: { registry: host, operation: 'log in' } };
  try {
    const { authorizationData } = await withClient(host, identity, (ecr) => ecr.getAuthorizationToken({}));
    const [data] = authorizationData ?? [];
    const login = Buffer.from(data?.authorizationToken ?? '', 'base64').toString('utf8');
    const end = login.indexOf(':');
    if (end < 1) throw unusable(host);
    const receivedAt = now();
    const statedMs = (data?.expiresAt?.getTime() ?? receivedAt) - receivedAt;
    const lifeMs = statedMs > 0 ? statedMs : TOKEN_LIFE_MS;
    return {
      kind: 'basic',
      username: login.slice(0, end),
      password: new Secret(login.slice(end + 1)),
      renewAt: new Date(receivedAt + Math.max(lifeMs - MARGIN_MS, lifeMs * 0.9)),
    };
  } catch (error) {
    throw awsError(error, call);
  }
}

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
): Promise<void> {
  const account = parseEcrHost(host)?.account;
  try {
    await withClient(host, identity, (ecr) =>
      ecr.createRepository({
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

type Calls = Pick<ECR, 'getAuthorizationToken' | 'createRepository'>;

/** A client for one call: these are hours apart. */
async function withClient<Result>(
  host: string,
  identity: AwsIdentity,
  work: (ecr: Calls) => Promise<Result>,
): Promise<Result> {
  const sdk = await import('@aws-sdk/client-ecr');
  const told = parseEcrHost(host);
  const region = told?.region ?? identity.region;
  const ecr = new sdk.ECR({
    credentials: await awsCredentials(identity, region),
    ...(region === undefined ? {} : { region }),
    ...(identity.profile === undefined ? {} : { profile: identity.profile }),
    ...(told?.isFips ? { useFipsEndpoint: true } : {}),
  });
  try {
    return await work(ecr);
  } finally {
    ecr.destroy();
  }
}

function unusable(host: string): TransshipError {
  return new TransshipError('invalid-response', `${host}: the authorization token of ECR is not "user:password"`, {
    hint: 'check the address of the AWS API (AWS_ENDPOINT_URL)',
    details: { registry: host, operation: 'log in' },
  });
}
