// The connections of calls to clouds where the environment names a proxy: agents of Node's own HTTP client, which all libraries of the
// clouds take. Each connection goes through the proxy or past it by its own host, because one client may ask several.
import type { Agent, ClientRequest } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import type { ProxyEnvironment } from '../oci/http/proxy.ts';
import { cloudProxyFor } from './cloud-proxy.ts';
import { isForwarder, openProxy, openTunnel, proxyLogin } from './proxy-tunnel.ts';

export type CloudAgents = {
  http: Agent;
  https: SecureAgent;
  of(url: URL): Agent;
  /** What the proxy last refused, for those whose library forgets why there was no connection. */
  readonly trouble: Error | undefined;
  /** Closes what they keep open. */
  destroy(): void;
};

type Place = { host?: string | null | undefined; port?: number | string | null | undefined };

const MOST_SOCKETS = 50;

/** Opens nothing before the first request. */
export function createCloudAgents(environment: ProxyEnvironment): CloudAgents {
  const options = { keepAlive: true, maxSockets: MOST_SOCKETS };
  const http = new (process.getBuiltinModule('node:http').Agent)(options);
  const https = new (process.getBuiltinModule('node:https').Agent)(options);
  let trouble: Error | undefined;
  const onTrouble = (error: Error): void => {
    trouble = error;
  };
  proxied(http, 'http:', environment, onTrouble);
  proxied(https, 'https:', environment, onTrouble);
  return {
    http,
    https,
    of: ({ protocol }) => (protocol === 'http:' ? http : https),
    get trouble() {
      return trouble;
    },
    destroy() {
      http.destroy();
      https.destroy();
    },
  };
}

/** Makes an agent ask for each connection whether it goes through a proxy. */
function proxied(
  agent: Agent,
  protocol: 'http:' | 'https:',
  environment: ProxyEnvironment,
  onTrouble: (error: Error) => void,
): void {
  const proxyOf = ({ host, port }: Place): URL | undefined => {
    const name = host?.includes(':') === true ? `[${host}]` : host;
    const proxy = cloudProxyFor(new URL(`${protocol}//${name}:${port}`), environment);
    return proxy === undefined ? undefined : new URL(proxy);
  };
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, connected) => {
    const proxy = proxyOf(options);
    if (proxy === undefined) return connect(options);
    const target = { host: options.host ?? '', port: Number(options.port) };
    const opening = isForwarder(proxy) && protocol === 'http:' ? openProxy(proxy) : openTunnel(proxy, target);
    const onTop = (socket: Duplex): Duplex =>
      protocol === 'http:' ? socket : (connect(Object.assign({ ...options }, { socket })) ?? socket);
    const failed = (error: Error): void => {
      onTrouble(error);
      // beside an error Node wants a socket that it can destroy
      connected?.(error, new (process.getBuiltinModule('node:net').Socket)());
    };
    opening.then(onTop).then((socket) => connected?.(null, socket), failed);
    return undefined;
  };
  if (protocol === 'http:') forwardPlain(agent, proxyOf);
}

/** Requests without TLS are given to the proxy whole: many open no tunnels to any port but 443. */
function forwardPlain(agent: Agent, proxyOf: (place: Place) => URL | undefined): void {
  const add: unknown = Reflect.get(agent, 'addRequest');
  const forward = (request: ClientRequest, options: Place, ...rest: unknown[]): void => {
    const proxy = proxyOf(options);
    if (proxy !== undefined && isForwarder(proxy)) {
      // https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
      request.path = `http://${String(request.getHeader('host'))}${request.path}`;
      for (const [name, value] of Object.entries(proxyLogin(proxy))) request.setHeader(name, value);
    }
    if (typeof add === 'function') Reflect.apply(add, agent, [request, options, ...rest]);
  };
  Reflect.set(agent, 'addRequest', forward);
}
