// Logs in to a cluster of Google Kubernetes Engine by an access token; where the cluster is, its API tells.
// https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters/get
import { TransshipError } from '../errors.ts';
import type { ClusterLogin, LoginSurroundings } from './cluster-login.ts';
import type { GoogleIdentity } from './google.ts';
import { CLOUD_PLATFORM, googleToken } from './google-token.ts';
import { callJson, isRecord } from './json-call.ts';
import { statusError } from './status-error.ts';

export type GkeCluster = { project: string; location: string; cluster: string };

/** The second one tells the cluster who asks by e-mail address, as bindings name it. */
const SCOPES = [CLOUD_PLATFORM, 'https://www.googleapis.com/auth/userinfo.email'];
/** As gcloud knows it, for private endpoints. */
const ENDPOINT = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER';

/** @throws TransshipError */
export async function gkeLogin(
  settings: GkeCluster,
  surroundings: LoginSurroundings,
  identity: GoogleIdentity = {},
): Promise<ClusterLogin> {
  return {
    ...(await findCluster(settings, surroundings, identity)),
    async token() {
      const { token, expiresAt } = await googleToken(identity, SCOPES, surroundings);
      return { token, expiresAt };
    },
  };
}

async function findCluster(
  { project, location, cluster }: GkeCluster,
  surroundings: LoginSurroundings,
  identity: GoogleIdentity,
): Promise<Omit<ClusterLogin, 'token'>> {
  const { env } = surroundings;
  const { token, identity: who } = await googleToken(identity, SCOPES, surroundings);
  const what = `GKE cluster ${cluster} in ${location} of ${project}`;
  const parts = [project, location, cluster].map(encodeURIComponent);
  const { status, body } = await callJson({
    method: 'GET',
    url: new URL(
      `v1/projects/${parts[0]}/locations/${parts[1]}/clusters/${parts[2]}`,
      env[ENDPOINT] ?? 'https://container.googleapis.com/',
    ),
    headers: { authorization: `Bearer ${token.reveal()}` },
    what,
    env,
  });
  if (status !== 200) {
    const error = isRecord(body?.['error']) ? body['error'] : {};
    throw statusError({
      what,
      status,
      reason: typeof error['status'] === 'string' ? error['status'] : undefined,
      hint: `check project, location and name, and grant roles/container.clusterViewer in ${project} to ${who}`,
    });
  }
  return addressOf(body ?? {}, what);
}

function addressOf(body: Readonly<Record<string, unknown>>, what: string): Omit<ClusterLogin, 'token'> {
  const { endpoint, masterAuth, controlPlaneEndpointsConfig: endpoints } = body;
  const certificate = isRecord(masterAuth) ? masterAuth['clusterCaCertificate'] : undefined;
  // clusters that are reached by a name have a certificate of a public authority
  const dns = isRecord(endpoints) && isRecord(endpoints['dnsEndpointConfig']) ? endpoints['dnsEndpointConfig'] : {};
  if (typeof endpoint === 'string' && endpoint !== '' && typeof certificate === 'string') {
    const server = endpoint.includes(':') ? `https://[${endpoint}]` : `https://${endpoint}`;
    return { server, certificateAuthority: Buffer.from(certificate, 'base64').toString('utf8') };
  }
  if (typeof dns['endpoint'] === 'string' && dns['allowExternalTraffic'] === true) {
    return { server: `https://${dns['endpoint']}` };
  }
  throw new TransshipError('invalid-response', `${what} has no address yet`, {
    hint: 'wait until the cluster runs',
    retryable: true,
    details: { operation: 'find cluster' },
  });
}
