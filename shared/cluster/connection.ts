// How the API server of one cluster is reached, and who we are there. Each way to get there makes one of these.
import type { Secret } from '../telemetry/secret.ts';

/** What proves who we are; nothing of it: anonymous. */
export type Identity = {
  /** The whole value of the header, with its scheme. */
  authorization?: Secret;
  clientCertificate?: ClientCertificate;
  /** From then on it has to be had anew; absent: nobody knows. */
  expiresAt?: Date;
};

/** PEM. */
export type ClientCertificate = { certificate: string; key: Secret };

export type Connection = {
  /** May have a path, under which the API stands. */
  server: URL;
  /** PEM; in place of the system's authorities. */
  certificateAuthorities?: readonly string[];
  /** The name in the server's certificate, where it is not the host. */
  serverName?: string;
  /** The user wants no look at the server's certificate. */
  isUnverified?: true;
  /** The URL of the proxy for this cluster alone. */
  proxy?: Secret;
  /** Of each request: whom we impersonate. */
  headers?: Readonly<Record<string, string | string[]>>;
  /** Asked before each request: who makes a connection remembers what takes long. @throws TransshipError */
  identity(): Promise<Identity>;
  /** The server refuses the identity: the next call must not answer from memory. */
  forget(): void;
  /** What to look at when the identity is refused. One line. */
  hint: string;
};

/** Reads what is needed to reach the cluster; called anew after the server's certificate or our identity was refused. */
export type Connect = () => Promise<Connection>;
