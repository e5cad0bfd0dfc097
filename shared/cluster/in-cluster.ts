// The cluster that Transship runs in, by the ServiceAccount of its Pod. The token is read anew for each request: it is replaced every hour.
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import type { Connection } from './connection.ts';
import { readServer } from './server-address.ts';

export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws TransshipError invalid-config */
export async function connectInCluster(
  cluster: string,
  { env, folder }: { env: NodeJS.ProcessEnv; folder: string },
): Promise<Connection> {
  const [host, port = '443'] = [env['KUBERNETES_SERVICE_HOST'], env['KUBERNETES_SERVICE_PORT']];
  if (host === undefined || host === '') throw refused(cluster, 'KUBERNETES_SERVICE_HOST is not set');
  const authority = await read(cluster, path.join(folder, 'ca.crt'));
  return {
    server: readServer(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, { cluster }),
    certificateAuthorities: [authority],
    async identity() {
      const token = await read(cluster, path.join(folder, 'token'));
      return { authorization: new Secret(`Bearer ${token.trim()}`) };
    },
    forget: () => undefined,
    hint: 'is the token of the Pod one for this cluster, and its ServiceAccount still there? a new Pod gets a new token',
  };
}

async function read(cluster: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw refused(cluster, messageOf(error));
  }
}

function refused(cluster: string, reason: string): TransshipError {
  return new TransshipError('invalid-config', `cluster ${cluster}: we do not run in a Pod with a token: ${reason}`, {
    hint: 'inCluster is for Pods whose ServiceAccount token is mounted; elsewhere use kubeconfig, or server and token',
  });
}
