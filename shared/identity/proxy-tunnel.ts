// A connection to a host through a proxy: by CONNECT of HTTP, with TLS to the proxy where its URL says so, or by SOCKS 5.
// https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { proxyFailure } from './proxy-failure.ts';
import type { Target } from './socks-greeting.ts';

/** As long as registry traffic waits for a connection. */
const STEP_MS = 15_000;
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'socks:': 1080, 'socks5:': 1080 };

/** True for a proxy of HTTP, which takes whole requests as well as tunnels. */
export function isForwarder({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

/** To the proxy itself. @throws Error with the code of `proxyFailure` */
export function openProxy(proxy: URL): Promise<Socket> {
  const { host, port } = addressOf(proxy);
  const isSecure = proxy.protocol === 'https:';
  const servername = process.getBuiltinModule('node:net').isIP(host) === 0 ? { servername: host } : {};
  const socket = isSecure
    ? process.getBuiltinModule('node:tls').connect({ host, port, ...servername })
    : process.getBuiltinModule('node:net').connect({ host, port });
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  socket.once(isSecure ? 'secureConnect' : 'connect', () => resolve(socket)).once('error', reject);
  return inTime(proxy, socket, promise);
}

/** To the target, without TLS. @throws Error with the code of `proxyFailure` */
export async function openTunnel(proxy: URL, target: Target): Promise<Duplex> {
  const socket = await openProxy(proxy);
  if (isForwarder(proxy)) return inTime(proxy, socket, askForTunnel(proxy, socket, target));
  const { greetSocks } = await import('./socks-greeting.ts');
  return inTime(
    proxy,
    socket,
    greetSocks(proxy, socket, target).then(() => socket),
  );
}

/** Node's own `proxyEnv` does the same, but by its own reading of NO_PROXY. */
function askForTunnel(proxy: URL, socket: Socket, { host, port }: Target): Promise<Duplex> {
  const path = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const sent = process.getBuiltinModule('node:http').request({
    createConnection: () => socket,
    method: 'CONNECT',
    path,
    headers: { host: path, ...proxyLogin(proxy) },
  });
  sent.once('connect', ({ statusCode = 0 }: IncomingMessage, _: Socket, head: Buffer) => {
    if (statusCode < 200 || statusCode > 299) reject(proxyFailure(proxy, statusCode));
    if (head.length > 0) socket.unshift(head);
    resolve(socket);
  });
  sent.once('error', reject);
  sent.end();
  return promise;
}

/** What a proxy with a login wants of each request. https://www.rfc-editor.org/rfc/rfc7617 */
export function proxyLogin({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { 'proxy-authorization': `Basic ${login}` };
}

function addressOf({ hostname, port, protocol }: URL): Target {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (PORTS[protocol] ?? 0) : Number(port) };
}

async function inTime<Result>(proxy: URL, socket: Socket, work: Promise<Result>): Promise<Result> {
  const timer = setTimeout(() => socket.destroy(proxyFailure(proxy, 'ETIMEDOUT')), STEP_MS);
  try {
    return await work;
  } catch (error) {
    socket.destroy();
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNUSABLE';
    throw code.startsWith('PROXY_') ? error : proxyFailure(proxy, code);
  } finally {
    clearTimeout(timer);
  }
}
