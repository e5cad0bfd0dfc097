// Logs in to a cluster of Amazon EKS: the token is a signed question of who we are, which the cluster asks AWS in our place.
// https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
import { TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import { callAws, objectAt } from './aws-call.ts';
import { awsEndpoint } from './aws-endpoint.ts';
import { awsError } from './aws-error.ts';
import { presignedUrl } from './aws-sign.ts';
import { awsKeys, type AwsIdentity } from './aws.ts';
import type { ClusterLogin, LoginSurroundings } from './cluster-login.ts';

export type EksCluster = {
  region: string;
  cluster: string;
  roleArn?: string | undefined;
  externalId?: string | undefined;
  profile?: string | undefined;
  /** With it AWS is not asked where the cluster is. */
  endpoint?: string | undefined;
  /** PEM. */
  certificateAuthority?: string | undefined;
};

const PREFIX = 'k8s-aws-v1.';
/** The cluster takes the question for 15 minutes from its signature on, whatever stands in it. */
const LIFE_MS = 14 * 60_000;
/** What every server takes. */
const EXPIRES_SECONDS = 60;

/** @throws TransshipError denied, unauthorized, not-found, invalid-response and what AWS answers else */
export async function eksLogin(settings: EksCluster, surroundings: LoginSurroundings): Promise<ClusterLogin> {
  const { cluster, region, roleArn, externalId, profile, endpoint } = settings;
  const identity: AwsIdentity = { roleArn, externalId, profile, region };
  const { env, now } = surroundings;
  const place =
    endpoint === undefined
      ? await describeCluster(cluster, region, identity, surroundings)
      : {
          server: endpoint,
          ...(settings.certificateAuthority === undefined
            ? {}
            : { certificateAuthority: settings.certificateAuthority }),
        };
  return {
    ...place,
    async token() {
      try {
        const at = new Date(now());
        const url = presignedUrl(
          {
            // the regional one: the global address of STS need not be reachable from the cluster
            url: new URL(
              '/?Action=GetCallerIdentity&Version=2011-06-15',
              awsEndpoint({ host: 'sts', variable: 'STS', region }, env),
            ),
            headers: { 'x-k8s-aws-id': cluster },
            lifeSeconds: EXPIRES_SECONDS,
          },
          { keys: await awsKeys(identity, region, env), region, service: 'sts', at },
        );
        const token = new Secret(PREFIX + Buffer.from(url.href, 'utf8').toString('base64url'));
        return { token, expiresAt: new Date(at.getTime() + LIFE_MS) };
      } catch (error) {
        throw awsError(error, callOf(cluster));
      }
    },
  };
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html */
async function describeCluster(
  cluster: string,
  region: string,
  identity: AwsIdentity,
  { env, now }: LoginSurroundings,
): Promise<{ server: string; certificateAuthority: string }> {
  const { body } = await callAws(
    {
      method: 'GET',
      url: new URL(
        `/clusters/${encodeURIComponent(cluster)}`,
        awsEndpoint({ host: 'eks', variable: 'EKS', region }, env),
      ),
      service: 'eks',
      region,
      action: 'eks:DescribeCluster',
      what: `EKS cluster ${cluster} in ${region}`,
      details: { operation: 'find cluster', cluster },
    },
    { identity, env, now },
  );
  const found = objectAt(body, 'cluster');
  const { endpoint, status } = found;
  const { data } = objectAt(found, 'certificateAuthority');
  if (typeof endpoint !== 'string' || typeof data !== 'string') {
    const state = typeof status === 'string' ? ` (it is ${status})` : '';
    throw new TransshipError('invalid-response', `EKS cluster ${cluster} in ${region} has no address yet${state}`, {
      hint: 'wait until the cluster is active',
      retryable: true,
      details: { operation: 'find cluster', cluster },
    });
  }
  return { server: endpoint, certificateAuthority: Buffer.from(data, 'base64').toString('utf8') };
}

function callOf(cluster: string) {
  return { action: 'sts:GetCallerIdentity', what: `EKS cluster ${cluster}`, details: { operation: 'log in', cluster } };
}
