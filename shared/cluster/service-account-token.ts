// Short-lived tokens of a ServiceAccount, which registries inside of a cluster take.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
import { Secret } from '../telemetry/secret.ts';
import type { Cluster } from './cluster.ts';
import { readDate, readObject, requireText, unexpected } from './json-fields.ts';

export type TokenRequest = {
  namespace: string;
  serviceAccount: string;
  /** Who is to take it; absent: the API server itself. */
  audiences?: readonly string[];
  /** The server may give another life than asked for; 600 at least. */
  expirationSeconds?: number;
};

/** @throws TransshipError not-found where there is no such ServiceAccount, denied; else as `Cluster.send` */
export async function requestServiceAccountToken(
  cluster: Cluster,
  { namespace, serviceAccount, audiences, expirationSeconds }: TokenRequest,
  options: { signal?: AbortSignal } = {},
): Promise<{ token: Secret; expiresAt: Date }> {
  const place = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts`;
  const answer = await cluster.send({
    method: 'POST',
    path: `${place}/${encodeURIComponent(serviceAccount)}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        ...(audiences !== undefined && { audiences }),
        ...(expirationSeconds !== undefined && { expirationSeconds }),
      },
    },
    ...options,
  });
  const status = readObject(answer, 'status') ?? {};
  const expiresAt = readDate(status, 'expirationTimestamp');
  if (expiresAt === undefined) throw unexpected('a token that does not tell when it ends');
  return { token: new Secret(requireText(status, 'token')), expiresAt };
}
