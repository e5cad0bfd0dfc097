// The connections to one API server: kept alive, with its certificate authority, our client certificate, and a proxy where there is one.
import type { Agent } from 'node:http';
import { messageOf, TransshipError } from '../errors.ts';
import type { ClientCertificate, Connection } from './connection.ts';

/** Load balancers drop what is silent for a minute: a request must not meet that. */
const IDLE_MS = 30_000;
/** Finds a peer that is gone while a watch is silent. */
const PROBE_AFTER_MS = 15_000;

/** @throws TransshipError invalid-config */
export async function createAgent(
  connection: Connection,
  clientCertificate: ClientCertificate | undefined,
  proxy: string | undefined,
): Promise<Agent> {
  const isSecure = connection.server.protocol === 'https:';
  if (proxy?.startsWith('socks') === true) {
    const { createSocksAgent } = await import('./socks-agent.ts');
    return createSocksAgent(connection, clientCertificate, proxy);
  }
  const options = {
    keepAlive: true,
    keepAliveMsecs: PROBE_AFTER_MS,
    timeout: IDLE_MS,
    scheduling: 'lifo' as const,
    ...(proxy !== undefined && { proxyEnv: { HTTPS_PROXY: proxy, HTTP_PROXY: proxy } }),
  };
  if (!isSecure) return new (process.getBuiltinModule('node:http').Agent)(options);
  const secure = {
    secureContext: secureContext(connection, clientCertificate),
    rejectUnauthorized: connection.isUnverified !== true,
    ...(connection.serverName !== undefined && { servername: connection.serverName }),
  };
  return new (process.getBuiltinModule('node:https').Agent)({ ...options, ...secure });
}

function secureContext({ certificateAuthorities, hint }: Connection, clientCertificate: ClientCertificate | undefined) {
  const { createSecureContext } = process.getBuiltinModule('node:tls');
  try {
    return createSecureContext({
      ...(certificateAuthorities !== undefined && { ca: [...certificateAuthorities] }),
      ...(clientCertificate !== undefined && {
        cert: clientCertificate.certificate,
        key: clientCertificate.key.reveal(),
      }),
    });
  } catch (error) {
    // OpenSSL's words hold nothing of what it read
    const message = `the certificate authority or the client certificate cannot be used: ${messageOf(error)}`;
    throw new TransshipError('invalid-config', message, { hint, cause: error });
  }
}
