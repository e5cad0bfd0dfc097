// The connections of one origin that is reached through a proxy, by undici, which knows all kinds of them.
import type { Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { ProxyAgent, request } from 'undici';
import type { Dispatcher } from 'undici';
import type { HttpRequest } from './http-exchange.ts';
import { joined } from './joined-headers.ts';
import type { Timeouts } from './timeouts.ts';
import type { OriginConnections } from './transport-direct.ts';

/** Bytes of a response held ahead of the reader. */
const BUFFERED_BYTES = 256 * 1024;

/** Opens nothing before the first call. */
export function openThroughProxy(
  proxy: string,
  tls: { secureContext?: SecureContext },
  timeouts: Timeouts,
): OriginConnections {
  const dispatcher = new ProxyAgent({
    uri: proxy,
    requestTls: { ...tls, timeout: timeouts.connectMs },
    // HTTP/2 would put all blobs of a copy into one TCP window.
    allowH2: false,
  });
  return {
    async exchange(call) {
      const response = await request(call.url, { ...dispatchOptions(call, timeouts), dispatcher });
      return { status: response.statusCode, headers: joined(response.headers), body: response.body };
    },
    close: () => dispatcher.destroy(),
  };
}

function dispatchOptions(call: HttpRequest, timeouts: Timeouts): Omit<Dispatcher.RequestOptions, 'path' | 'origin'> {
  return {
    method: call.method,
    // undici ends the connection after a HEAD unless told otherwise: a new handshake for each of hundreds of tags.
    ...(call.method === 'HEAD' ? { reset: false } : {}),
    headers: call.headers,
    // undici takes any async iterable, as its documentation says; its types name Readable only.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    body: (bodyOf(call) ?? null) as Uint8Array | Readable | null,
    headersTimeout: call.wait === 'commit' ? timeouts.commitMs : timeouts.responseMs,
    bodyTimeout: timeouts.stallMs,
    highWaterMark: BUFFERED_BYTES,
    signal: call.signal ?? null,
  };
}

function bodyOf({ body, lends }: HttpRequest): HttpRequest['body'] {
  return lends === true && body !== undefined && !(body instanceof Uint8Array) ? copied(body) : body;
}

/** undici keeps parts for a while. */
async function* copied(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield Uint8Array.from(part);
}
