// The connections of calls to clouds where the environment names a proxy: an agent of Node's own HTTP client, which all libraries of the
// clouds take. Each connection goes through the proxy or past it by its own host, because one client may ask several.
import { Agent as PlainAgent, type ClientRequest } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { Agent, type AgentConnectOpts } from 'agent-base';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { ProxyEnvironment } from '../oci/http/proxy.ts';
import { cloudProxyFor } from './cloud-proxy.ts';
import { proxyFailure } from './proxy-failure.ts';

const OPTIONS = { keepAlive: true, maxSockets: 50 };

/** Takes requests with and without TLS; opens nothing before the first. `destroy` closes what is kept open. */
export class CloudAgent extends Agent {
  /** What the proxy last refused, for those whose library forgets why there was no connection. */
  trouble: Error | undefined;
  readonly #environment: ProxyEnvironment;
  readonly #plain = new PlainAgent(OPTIONS);
  readonly #secure = new SecureAgent(OPTIONS);

  constructor(environment: ProxyEnvironment) {
    super(OPTIONS);
    this.#environment = environment;
  }

  override async connect(request: ClientRequest, place: AgentConnectOpts) {
    const proxy = cloudProxyFor(urlOf(place), this.#environment);
    if (proxy === undefined) return place.secureEndpoint ? this.#secure : this.#plain;
    try {
      return await connectThrough(new URL(proxy), request, place);
    } catch (error) {
      this.trouble = error instanceof Error ? error : undefined;
      throw error;
    }
  }

  override destroy(): void {
    this.#plain.destroy();
    this.#secure.destroy();
    super.destroy();
  }
}

/** @throws Error with the code of `proxyFailure` */
async function connectThrough(proxy: URL, request: ClientRequest, place: AgentConnectOpts) {
  let status: number | undefined;
  request.once('proxyConnect', ({ statusCode }: { statusCode?: number }) => (status = statusCode));
  try {
    const connection = await (await agentOf(proxy, place)).connect(request, place);
    // what comes instead of a tunnel is the proxy's answer, not the cloud's
    if (status !== undefined && status !== 200) throw proxyFailure(proxy, status);
    return connection;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('PROXY_')) throw error;
    throw proxyFailure(proxy, code || (/authentication/i.test(String(error)) ? 'LOGIN' : 'UNUSABLE'));
  }
}

/** Requests without TLS are given to a proxy of HTTP whole: many open no tunnels to any port but 443. */
async function agentOf(proxy: URL, { secureEndpoint }: AgentConnectOpts): Promise<Agent> {
  if (!proxy.protocol.startsWith('socks')) {
    return secureEndpoint ? new HttpsProxyAgent(proxy) : new HttpProxyAgent(proxy);
  }
  const { SocksProxyAgent } = await import('socks-proxy-agent');
  // the proxy resolves names: those of private networks are known behind it only
  return new SocksProxyAgent(proxy.href.replace(/^socks5?:/, 'socks5h:'));
}

function urlOf({ host, port, secureEndpoint }: AgentConnectOpts): URL {
  const name = host?.includes(':') === true ? `[${host}]` : host;
  return new URL(`${secureEndpoint ? 'https:' : 'http:'}//${name}:${port}`);
}
