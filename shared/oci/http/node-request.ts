// One request by Node's own HTTP client, and the head of its answer. It starts in a quarter of the time of larger clients and
// costs less than half of their work per request; of a stream it tells when a part has left, so that its memory can be used again.
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';
import { joined } from './joined-headers.ts';
import type { Timeouts } from './timeouts.ts';
import { timedOut, within } from './within.ts';

const MOST_HEAD_BYTES = 64 * 1024;

export type NodeConnections = { agent: Agent | SecureAgent; lookup: LookupFunction };

/** Resolves with the head of the answer, which may come before all was sent. */
export async function sendRequest(
  call: HttpRequest,
  connections: NodeConnections,
  timeouts: Timeouts,
): Promise<HttpResponse> {
  const { url, method, headers, body, signal } = call;
  // `import` of node:http would load Node's copy of undici for the WebSocket among its exports: 45 ms.
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  const outgoing = request({
    ...connections,
    method,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    headers: {
      host: url.host,
      ...headers,
      ...(body instanceof Uint8Array ? { 'content-length': String(body.byteLength) } : {}),
    },
    maxHeaderSize: MOST_HEAD_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });
  const answer = Promise.withResolvers<IncomingMessage>();
  outgoing.on('response', answer.resolve);
  outgoing.on('error', answer.reject);
  limitSending(outgoing, timeouts);
  const waitMs = call.wait === 'commit' ? timeouts.commitMs : timeouts.responseMs;
  send(outgoing, call, answer.promise).then(
    () => within(waitMs, 'UND_ERR_HEADERS_TIMEOUT', outgoing, answer.promise).catch(() => undefined),
    (error: unknown) => outgoing.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return toResponse(await answer.promise, outgoing, timeouts.stallMs);
}

/** Settles when all has left. */
async function send(outgoing: ClientRequest, { body, headers }: HttpRequest, answer: Promise<unknown>): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) return end(outgoing, body);
  await sendParts(outgoing, body, Number(headers['content-length']), answer);
}

async function end(outgoing: ClientRequest, body?: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => outgoing.end(body, () => resolve()));
}

/** Ends early where an answer came or the connection broke. @throws Error where the stream has not the length that was announced */
async function sendParts(
  outgoing: ClientRequest,
  body: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  answer: Promise<unknown>,
): Promise<void> {
  let left = sizeBytes;
  const parts = body[Symbol.asyncIterator]();
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    void parts.return?.()?.catch(() => undefined);
  };
  answer.then(stop, stop);
  for (;;) {
    const next = await parts.next();
    if (isOver) return;
    left -= next.value?.byteLength ?? 0;
    // Neither may the registry take what is too much for another request, nor our next request for what is missing.
    if (left < 0 || (next.done === true && left > 0)) {
      stop();
      throw new Error('the body has another length than was announced');
    }
    if (next.done === true) return end(outgoing);
    await new Promise<void>((resolve) => outgoing.write(next.value, () => resolve()));
  }
}

function limitSending(outgoing: ClientRequest, { connectMs, stallMs }: Timeouts): void {
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return limitStuck(outgoing, socket, stallMs);
    const connecting = new Promise<void>((resolve) => {
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', resolve).once('close', () => resolve());
    });
    void within(connectMs, 'UND_ERR_CONNECT_TIMEOUT', outgoing, connecting).then(() =>
      limitStuck(outgoing, socket, stallMs),
    );
  });
}

/** A stream may rest as long as whoever feeds it does; but what was given to the socket must move on. */
function limitStuck(outgoing: ClientRequest, socket: Socket, stallMs: number): void {
  const onTimeout = (): void => {
    if (outgoing.writableLength > 0) outgoing.destroy(timedOut('UND_ERR_BODY_TIMEOUT'));
    else socket.setTimeout(stallMs);
  };
  const stop = (): void => void socket.off('timeout', onTimeout);
  socket.setTimeout(stallMs).on('timeout', onTimeout);
  outgoing.once('response', stop).once('close', stop);
}

function toResponse(message: IncomingMessage, outgoing: ClientRequest, stallMs: number): HttpResponse {
  limitStall(message, stallMs);
  // A connection on which something is still to be sent can't be used again.
  message.once('close', () => {
    if (!outgoing.writableFinished) outgoing.destroy();
  });
  const body = Object.assign(message, {
    async dump({ limit = 64 * 1024 } = {}) {
      let sizeBytes = 0;
      try {
        for await (const part of message as AsyncIterable<Uint8Array>)
          if ((sizeBytes += part.byteLength) > limit) break;
      } catch {
        // Nobody wanted it.
      }
      // Whoever lent the body of the request may use its memory again behind this.
      if (!outgoing.writableFinished) outgoing.destroy();
    },
  });
  return { status: message.statusCode ?? 0, headers: joined(message.headers), body };
}

/** A body may rest as long as its reader does, but not longer than that for want of bytes. */
function limitStall(message: IncomingMessage, stallMs: number): void {
  const { socket } = message;
  const onTimeout = (): void => {
    if (message.readableLength > 0) socket.setTimeout(stallMs);
    else message.destroy(timedOut('UND_ERR_BODY_TIMEOUT'));
  };
  socket.setTimeout(stallMs);
  socket.on('timeout', onTimeout);
  message.once('close', () => socket.off('timeout', onTimeout));
}
