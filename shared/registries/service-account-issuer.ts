// Tokens of a ServiceAccount as credentials of the registry inside of its cluster: OpenShift's, Alauda's, and others that ask the API
// server. How the cluster is reached is the business of whoever hands in the request.
import { TransshipError } from '../errors.ts';
import type { SecretSource } from '../identity/secret-source.ts';
import type { Secret } from '../telemetry/secret.ts';
import { issuedCredential } from './issued-credential.ts';
import type { Issuer } from './issuer.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
export type RequestServiceAccountToken = (
  cluster: string,
  namespace: string,
  name: string,
  audience?: string,
) => Promise<ServiceAccountToken>;

/** `expiresAt` and the token's own `exp` are on the clock of the cluster, which showed `clockAt`; absent: on ours. */
type ServiceAccountToken = { token: Secret; expiresAt?: Date; clockAt?: Date };

export type ServiceAccountIdentity = {
  cluster: string;
  namespace: string;
  name: string;
  audience?: string | undefined;
};

type Options = {
  host: string;
  hosts: readonly string[];
  identity: ServiceAccountIdentity;
  request: RequestServiceAccountToken | undefined;
  now: () => number;
};

/** The name by which both registries take a token; they do not look at it, but an empty one would be anonymous. */
const USER = '<token>';

export function serviceAccountIssuer({ host, hosts, identity, request, now }: Options): Issuer {
  const { cluster, namespace, name, audience } = identity;
  return {
    id: JSON.stringify(['serviceAccount', cluster, namespace, name, audience ?? '']),
    hosts,
    async issue() {
      const { token, expiresAt, clockAt } = await requestToken(identity, request, host);
      const at = now();
      const aheadMs = clockAt === undefined ? 0 : clockAt.getTime() - at;
      return issuedCredential({
        registry: host,
        username: USER,
        secret: token,
        ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt.getTime() - aheadMs) }),
        ...(clockAt === undefined ? {} : { clockAt }),
        identity: `system:serviceaccount:${namespace}:${name} of ${cluster}`,
        now: at,
      });
    },
  };
}

/** Its tokens as what is traded for a credential elsewhere. */
export function serviceAccountSource(
  identity: ServiceAccountIdentity,
  request: RequestServiceAccountToken | undefined,
  host: string,
): SecretSource {
  const { cluster, namespace, name } = identity;
  return {
    name: `ServiceAccount ${namespace}/${name} of ${cluster}`,
    read: async () => (await requestToken(identity, request, host)).token,
  };
}

/** @throws TransshipError invalid-config where this process reaches no clusters, and what the cluster answers */
async function requestToken(
  { cluster, namespace, name, audience }: ServiceAccountIdentity,
  request: RequestServiceAccountToken | undefined,
  host: string,
): Promise<ServiceAccountToken> {
  if (request === undefined) {
    throw new TransshipError(
      'invalid-config',
      `the credential for ${host} is a token of ServiceAccount ${namespace}/${name} of ${cluster}, and this command reaches no clusters`,
      {
        hint: 'use a command that does, like transship serve or credentials refresh, or another credential here',
        details: { registry: host, operation: 'issue credential' },
      },
    );
  }
  return await request(cluster, namespace, name, audience);
}
