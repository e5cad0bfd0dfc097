// What a client says to a SOCKS 5 proxy before the connection is the target's. Names are resolved by the proxy.
//
//   ▶ version, methods      ◀ version, method         (0: none, 2: name and password)
//   ▶ name and password     ◀ version, status         (where method 2 was chosen)
//   ▶ CONNECT host port     ◀ version, status, address
//
// https://www.rfc-editor.org/rfc/rfc1928 https://www.rfc-editor.org/rfc/rfc1929
import { once } from 'node:events';
import { isIPv4, isIPv6, type Socket } from 'node:net';
import { proxyFailure } from './proxy-failure.ts';

export type Target = { host: string; port: number };

const VERSION = 5;
const NO_LOGIN = 0;
const PASSWORD = 2;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** @throws Error of the socket, and with the code of `proxyFailure` */
export async function greetSocks(proxy: URL, socket: Socket, target: Target): Promise<void> {
  const [username, password] = [proxy.username, proxy.password].map((text) => Buffer.from(decodeURIComponent(text)));
  const hasLogin = username !== undefined && password !== undefined && username.length + password.length > 0;
  const methods = hasLogin ? [NO_LOGIN, PASSWORD] : [NO_LOGIN];
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await read(socket, 2);
  if (version !== VERSION) throw proxyFailure(proxy, 'NO_SOCKS_5');
  if (method === PASSWORD && hasLogin) {
    socket.write(Buffer.from([1, username.length, ...username, password.length, ...password]));
    const [, status] = await read(socket, 2);
    if (status !== 0) throw proxyFailure(proxy, 'LOGIN');
  } else if (method !== NO_LOGIN) {
    throw proxyFailure(proxy, 'LOGIN');
  }
  socket.write(Buffer.from([VERSION, CONNECT, 0, ...addressOf(target.host), target.port >> 8, target.port & 0xff]));
  const [, status, , kind] = await read(socket, 4);
  if (status !== 0) throw proxyFailure(proxy, `SOCKS_${status}`);
  const [length = 0] = kind === NAME ? await read(socket, 1) : [kind === IPV6 ? 16 : 4];
  // where the proxy connects from; nobody needs it
  await read(socket, length + 2);
}

/** Kind, length where it is a name, and the bytes of it. */
function addressOf(host: string): number[] {
  if (isIPv4(host)) return [IPV4, ...host.split('.').map(Number)];
  if (isIPv6(host)) return [IPV6, ...bytesOfIpv6(host)];
  const name = Buffer.from(host);
  return [NAME, name.length, ...name];
}

/** As URLs write it: shortened, in hexadecimal throughout. */
function bytesOfIpv6(address: string): number[] {
  const [before = [], behind = []] = address
    .split('::')
    .map((half) => half.split(':').flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16)])));
  const gap = Array.from({ length: 8 - before.length - behind.length }, () => 0);
  return [...before, ...gap, ...behind].flatMap((group) => [group >> 8, group & 0xff]);
}

/** Not a byte more: what follows is the target's. */
async function read(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const part: unknown = socket.read(length);
    if (Buffer.isBuffer(part) && part.length === length) return part;
    if (socket.readableEnded || socket.destroyed) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
    await once(socket, 'readable');
  }
}
