// Clusters of a cloud: their address and a token come from functions that the host hands in, because this room knows no cloud.
import type { ClusterConfig } from '../config/config.ts';
import { TransshipError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import type { Connection } from './connection.ts';
import { rememberIdentity } from './remembered-identity.ts';
import { readServer } from './server-address.ts';

export type CloudLogin = {
  server: string;
  /** PEM; absent: the system's authorities know the server. */
  certificateAuthority?: string;
  /** Asks anew at each call; it is remembered here. @throws TransshipError */
  token: () => Promise<{ token: Secret; expiresAt?: Date }>;
};

type Cloud = 'eks' | 'gke' | 'aks';
type Settings<Name extends Cloud> = Extract<ClusterConfig, Record<Name, unknown>>[Name];

/** How to log in to the clusters of each cloud. @throws TransshipError */
export type CloudLogins = { [Name in Cloud]?: (settings: Settings<Name>) => Promise<CloudLogin> };

/** @throws TransshipError invalid-config, and what the login throws */
export async function connectToCloud(cluster: string, login: Promise<CloudLogin> | undefined, now: () => Date) {
  if (login === undefined) {
    throw new TransshipError('invalid-config', `cluster ${cluster}: nobody here knows how to log in to that cloud`, {
      hint: 'use a kubeconfig, or server and token',
    });
  }
  const { server, certificateAuthority, token } = await login;
  const remembered = rememberIdentity(async () => {
    const { token: bearer, expiresAt } = await token();
    return {
      authorization: new Secret(`Bearer ${bearer.reveal()}`),
      ...(expiresAt !== undefined && { expiresAt }),
    };
  }, now);
  return {
    server: readServer(server, { cluster }),
    ...(certificateAuthority !== undefined && { certificateAuthorities: [certificateAuthority] }),
    ...remembered,
    hint: 'the identity of the cloud is not one of this cluster: add an access entry, or a binding, for it',
  } satisfies Connection;
}
