// Finds out whether a registry on loopback speaks TLS, before anything secret is sent. Other hosts are https unless configured.
import net from 'node:net';

const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
const ANSWER_WITHIN_MS = 2_000;

/**
 * `http:` only where the server answered, and not in TLS; one that takes the connection and says nothing is `https:`.
 * Rejects with the socket's error where nobody listens: that tells nothing about who will.
 */
export function probeScheme(host: string, port: number): Promise<'http:' | 'https:'> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port });
    let connected = false;
    const settle = (scheme: 'http:' | 'https:') => {
      socket.destroy();
      resolve(scheme);
    };
    socket.on('connect', () => (connected = true));
    socket.setTimeout(ANSWER_WITHIN_MS, () => settle('https:'));
    socket.on('error', (error) => (connected ? settle('https:') : reject(error)));
    socket.on('close', () => settle('https:'));
    socket.on('data', ([type]) => settle(type === TLS_ALERT || type === TLS_HANDSHAKE ? 'https:' : 'http:'));
    socket.write(clientHello());
  });
}

/** True for names and addresses that never leave this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * A complete TLS 1.2 ClientHello. A TLS server answers it with a handshake or an alert record, whatever it supports.
 * The "random" bytes hold blank lines, so that a plain HTTP server has a whole (bad) request to answer at once.
 * https://www.rfc-editor.org/rfc/rfc5246#section-7.4.1.2
 */
function clientHello(): Uint8Array {
  const version = [3, 3];
  const random = Buffer.from('\r\n\r\n'.repeat(8));
  const noSession = [0];
  const cipherSuites = [0, 6, 0xc0, 0x2f, 0xc0, 0x2b, 0x00, 0x9c];
  const noCompression = [1, 0];
  const body = [...version, ...random, ...noSession, ...cipherSuites, ...noCompression];
  const handshake = [1, 0, 0, body.length, ...body];
  return Uint8Array.from([TLS_HANDSHAKE, 3, 1, 0, handshake.length, ...handshake]);
}
