// How the login to a cluster of a cloud looks, as the room of clusters takes it.
import type { Secret } from '../telemetry/secret.ts';

export type ClusterLogin = {
  server: string;
  /** PEM; absent: the system's authorities know the server. */
  certificateAuthority?: string;
  /** Asks anew at each call. @throws TransshipError */
  token(): Promise<{ token: Secret; expiresAt: Date }>;
};

export type LoginSurroundings = { env: NodeJS.ProcessEnv; now: () => number };
