// Logs in to a cluster of Azure Kubernetes Service by a token of Entra ID; where the cluster is, its kubeconfig tells, which the
// resource manager gives out.
// https://learn.microsoft.com/en-us/rest/api/aks/managed-clusters/list-cluster-user-credentials
import { TransshipError } from '../errors.ts';
import type { AzureIdentity } from './azure.ts';
import { openResourceManager } from './azure-resource.ts';
import { azureToken } from './azure-token.ts';
import type { ClusterLogin, LoginSurroundings } from './cluster-login.ts';
import { isRecord } from './json-call.ts';

export type AksCluster = { subscription: string; resourceGroup: string; cluster: string } & AzureIdentity;

/** The application that all clusters with Entra ID are: https://learn.microsoft.com/en-us/azure/aks/kubelogin-authentication */
const SCOPE = '6dae42f8-4368-4678-94ff-3960e28e3630/.default';

/** @throws TransshipError */
export async function aksLogin(
  { subscription, resourceGroup, cluster, ...identity }: AksCluster,
  { env }: LoginSurroundings,
): Promise<ClusterLogin> {
  const what = `find AKS cluster ${cluster} in ${resourceGroup}`;
  const manager = await openResourceManager(identity, { env });
  const [group, name] = [resourceGroup, cluster].map(encodeURIComponent);
  const { body } = await manager.call({
    method: 'POST',
    path: `/subscriptions/${encodeURIComponent(subscription)}/resourceGroups/${group}/providers/Microsoft.ContainerService/managedClusters/${name}/listClusterUserCredential?api-version=2024-09-01&format=exec`,
    what,
    hint: 'check subscription, resource group and name, and give the identity the role "Azure Kubernetes Service Cluster User Role" on the cluster',
  });
  return {
    ...(await addressIn(body, what)),
    async token() {
      const { token, expiresAt } = await azureToken(identity, [SCOPE], { env });
      return { token, expiresAt };
    },
  };
}

/** Of the kubeconfig only the address and the authority are read: its way of logging in is another program. */
async function addressIn(body: Readonly<Record<string, unknown>>, what: string): Promise<Omit<ClusterLogin, 'token'>> {
  const [first]: unknown[] = Array.isArray(body['kubeconfigs']) ? body['kubeconfigs'] : [];
  const value = isRecord(first) ? first['value'] : undefined;
  const text = typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
  const { server, authority } = clusterIn(await parseYaml(text));
  if (server === undefined) {
    throw new TransshipError('invalid-response', `Azure: ${what}: the answer has no kubeconfig with an address`, {
      hint: 'look whether the cluster runs: az aks show',
      details: { operation: 'find cluster' },
    });
  }
  return {
    server,
    ...(authority === undefined ? {} : { certificateAuthority: Buffer.from(authority, 'base64').toString('utf8') }),
  };
}

async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    const value: unknown = parse(text);
    return value;
  } catch {
    // The parser's message quotes the text, in which there may be keys.
    return undefined;
  }
}

function clusterIn(kubeconfig: unknown): { server?: string | undefined; authority?: string | undefined } {
  const clusters: unknown = isRecord(kubeconfig) ? kubeconfig['clusters'] : undefined;
  const [first]: unknown[] = Array.isArray(clusters) ? clusters : [];
  const cluster = isRecord(first) && isRecord(first['cluster']) ? first['cluster'] : {};
  const { server, 'certificate-authority-data': authority } = cluster;
  return {
    server: typeof server === 'string' ? server : undefined,
    authority: typeof authority === 'string' ? authority : undefined,
  };
}
