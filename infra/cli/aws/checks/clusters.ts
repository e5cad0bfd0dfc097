// The EKS clusters of the configuration: whether functions can reach them, and whether the cluster knows the roles that come.
import type { Config } from '../../../../shared/config/config.ts';
import { isTransshipError } from '../../../../shared/errors.ts';
import { objectAt } from '../../../../shared/identity/aws-call.ts';
import { reachesClusters } from '../../../aws/stack/calls/config-calls.ts';
import { askPath } from '../ask-aws.ts';
import type { AwsPlace } from '../aws-place.ts';
import type { DeployedFunction } from '../functions-of.ts';
import { unanswered, type Finding } from './finding.ts';

type EksSettings = { region: string; cluster: string; roleArn?: string; externalId?: string };
type EksCluster = { name: string; eks: EksSettings };

/** @param functions undefined where nothing is deployed */
export async function checkClusters(
  place: AwsPlace,
  config: Config,
  functions: readonly DeployedFunction[] | undefined,
  { assumesRoles }: { assumesRoles: boolean },
): Promise<Finding[]> {
  const clusters = config.clusters.filter((one) => 'eks' in one);
  if (clusters.length === 0) {
    const message = 'the configuration has none at EKS';
    return [
      { id: 'clusters', state: 'ok', message },
      { id: 'access-entries', state: 'skipped', message },
    ];
  }
  const found = await Promise.all(
    clusters.map(async (cluster) => {
      if (cluster.eks.roleArn !== undefined && !assumesRoles) return [ofOthers(cluster)];
      return checkCluster(place, cluster, comingTo(cluster.name, config, functions)).catch((error: unknown) => [
        unanswered('clusters', error, cluster.name),
      ]);
    }),
  );
  return found.flat();
}

async function checkCluster(
  place: AwsPlace,
  { name, eks }: EksCluster,
  functions: readonly DeployedFunction[] | undefined,
): Promise<Finding[]> {
  const at = placeOf(place, eks);
  const path = `/clusters/${encodeURIComponent(eks.cluster)}`;
  const answer = await askPath(at, 'eks', 'DescribeCluster', path).catch((error: unknown) => {
    if (isTransshipError(error, 'not-found')) return undefined;
    throw error;
  });
  if (answer === undefined) {
    const message = `there is no EKS cluster ${eks.cluster} in ${eks.region}`;
    return [{ id: 'clusters', state: 'fail', about: name, message, hint: 'mend its name or region in clusters:' }];
  }
  const cluster = objectAt(answer, 'cluster');
  return [
    reach(name, cluster, functions),
    ...(await checkEntries(at, { name, eks }, objectAt(cluster, 'accessConfig')['authenticationMode'], functions)),
  ];
}

/** https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html */
function reach(
  about: string,
  cluster: Readonly<Record<string, unknown>>,
  functions: readonly DeployedFunction[] | undefined,
): Finding {
  const { status } = cluster;
  if (status !== 'ACTIVE' && status !== 'UPDATING') {
    return {
      id: 'clusters',
      state: 'fail',
      about,
      message: `it is ${String(status)}`,
      hint: 'wait until it is active',
    };
  }
  const network = objectAt(cluster, 'resourcesVpcConfig');
  const ranges = Array.isArray(network['publicAccessCidrs']) ? network['publicAccessCidrs'] : [];
  const isPublic = network['endpointPublicAccess'] !== false;
  const isOpen = isPublic && (ranges.length === 0 || ranges.includes('0.0.0.0/0'));
  if (isOpen) return { id: 'clusters', state: 'ok', about, message: 'its API server has a public address' };
  const inside = functions?.some(({ subnets }) => subnets > 0);
  const what = isPublic ? `a public address for ${ranges.join(', ')} only` : 'a private address only';
  const hint = 'deploy into its VPC: transship aws deploy --param subnetIds=… --param securityGroupIds=… (docs/aws.md)';
  if (inside === undefined)
    return { id: 'clusters', state: 'warn', about, message: `its API server has ${what}`, hint };
  if (inside) {
    const message = `its API server has ${what}, and the functions are in a VPC: that the two meet is not looked at`;
    return { id: 'clusters', state: 'ok', about, message };
  }
  return {
    id: 'clusters',
    state: 'fail',
    about,
    message: `its API server has ${what}, and functions come from outside`,
    hint,
  };
}

/** https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html */
async function checkEntries(
  at: AwsPlace,
  { name, eks }: EksCluster,
  mode: unknown,
  functions: readonly DeployedFunction[] | undefined,
): Promise<Finding[]> {
  if (mode === 'CONFIG_MAP' || mode === undefined) {
    const message = 'it knows identities by its ConfigMap aws-auth, which is not looked at';
    const hint = `use access entries: aws eks update-cluster-config --name ${eks.cluster} --access-config authenticationMode=API_AND_CONFIG_MAP`;
    return [{ id: 'access-entries', state: 'warn', about: name, message, hint }];
  }
  const own = new Set((functions ?? []).map(({ roleArn }) => roleArn).filter((arn) => arn !== ''));
  const roles = eks.roleArn === undefined ? [...own] : [eks.roleArn];
  if (roles.length === 0) {
    const message = 'which roles come is known when the stack is deployed';
    return [{ id: 'access-entries', state: 'skipped', about: name, message }];
  }
  return Promise.all(
    roles.map((role) => checkEntry(at, name, eks, role).catch((error: unknown) => notSeen(name, eks, role, error))),
  );
}

async function checkEntry(at: AwsPlace, name: string, eks: EksSettings, role: string): Promise<Finding> {
  const path = `/clusters/${encodeURIComponent(eks.cluster)}/access-entries/${encodeURIComponent(role)}`;
  const entry = objectAt(await askPath(at, 'eks', 'DescribeAccessEntry', path), 'accessEntry');
  const groups = Array.isArray(entry['kubernetesGroups']) ? entry['kubernetesGroups'] : [];
  const about = `${name} ${role}`;
  if (groups.length > 0) {
    return { id: 'access-entries', state: 'ok', about, message: `it is in ${groups.join(', ')}` };
  }
  const user = typeof entry['username'] === 'string' ? entry['username'] : 'a user';
  const message = `it is ${user} there, in no group: only a binding of that user, or an access policy, gives it rights`;
  const hint = `give it a group: aws eks update-access-entry --cluster-name ${eks.cluster} --region ${eks.region} --principal-arn ${role} --kubernetes-groups transship`;
  return { id: 'access-entries', state: 'warn', about, message, hint };
}

function notSeen(name: string, eks: EksSettings, role: string, error: unknown): Finding {
  const about = `${name} ${role}`;
  if (!isTransshipError(error, 'not-found')) return unanswered('access-entries', error, about);
  const hint = `aws eks create-access-entry --cluster-name ${eks.cluster} --region ${eks.region} --principal-arn ${role} --kubernetes-groups transship; then: transship cluster manifests ${name} --group transship | kubectl apply -f -`;
  return { id: 'access-entries', state: 'fail', about, message: 'the cluster does not know this role', hint };
}

/** The functions that work in a cluster; the token endpoint asks one of them only. */
function comingTo(
  cluster: string,
  { tokenEndpoint }: Config,
  functions: readonly DeployedFunction[] | undefined,
): readonly DeployedFunction[] | undefined {
  return functions?.filter(
    ({ name }) => reachesClusters(name) && (name !== 'registry-token' || tokenEndpoint?.cluster === cluster),
  );
}

function placeOf(place: AwsPlace, { region, roleArn, externalId }: EksSettings): AwsPlace {
  const { surroundings } = place;
  const identity = { ...surroundings.identity, region, roleArn, externalId };
  return { ...place, region, surroundings: { ...surroundings, identity } };
}

function ofOthers({ name, eks }: EksCluster): Finding {
  const message = `only ${eks.roleArn ?? ''} may look at it`;
  const hint = 'try it as that role: transship aws doctor --assume-roles';
  return { id: 'clusters', state: 'skipped', about: name, message, hint };
}
