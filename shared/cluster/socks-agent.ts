// Connections through a SOCKS proxy, which `proxy-url` of a kubeconfig may name. The official client knows how; it takes most of a second
// to load, so that only who has such a proxy pays for it.
import { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { checkServerIdentity as checkIdentity, type PeerCertificate } from 'node:tls';
import { TransshipError } from '../errors.ts';
import type { ClientCertificate, Connection } from './connection.ts';

/** @throws TransshipError invalid-config */
export async function createSocksAgent(
  { server, certificateAuthorities, serverName, isUnverified, hint }: Connection,
  clientCertificate: ClientCertificate | undefined,
  proxy: string,
): Promise<Agent> {
  const { applyClientOptions } = await import('./client-options.ts');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const options: RequestOptions = {};
  await applyClientOptions(
    options,
    {
      name: 'cluster',
      server: server.href,
      skipTLSVerify: isUnverified === true,
      // the proxy resolves names, as for kubectl: those of private clusters are known behind it only
      proxyUrl: proxy.replace(/^socks5?:/, 'socks5h:'),
      ...(certificateAuthorities !== undefined && { caData: base64(certificateAuthorities.join('\n')) }),
      ...(serverName !== undefined && { tlsServerName: serverName }),
    },
    {
      name: 'user',
      ...(clientCertificate !== undefined && {
        certData: base64(clientCertificate.certificate),
        keyData: base64(clientCertificate.key.reveal()),
      }),
    },
  );
  if (options.agent instanceof Agent) return checking(options.agent, serverName ?? server.hostname);
  throw new TransshipError('invalid-config', 'the SOCKS proxy of this cluster cannot be used', { hint });
}

/** Through a proxy the agent forgets addresses that are no names, and would look for `localhost` in the certificate. */
function checking(agent: Agent, serverName: string): Agent {
  const options: unknown = Reflect.get(agent, 'options');
  const name = serverName.replace(/^\[|\]$/g, '');
  const checkServerIdentity = (_host: string, certificate: PeerCertificate) => checkIdentity(name, certificate);
  if (typeof options === 'object' && options !== null) Object.assign(options, { checkServerIdentity });
  return agent;
}
