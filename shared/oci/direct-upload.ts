// A request whose body is a stream that lends its parts: each is sent before the next one is asked for, so that its memory can
// be used again. Node's own client: it tells when a part has left, which the client for all other requests does not.
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import { joined } from './joined-headers.ts';
import type { Timeouts } from './timeouts.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';
import { within } from './within.ts';

const MOST_HEAD_BYTES = 64 * 1024;

/** Resolves with the head of the answer, which may come before all was sent. */
export async function uploadDirectly(
  call: HttpRequest & { body: AsyncIterable<Uint8Array> },
  connection: RequestOptions & { agent: Agent | SecureAgent },
  timeouts: Timeouts,
): Promise<HttpResponse> {
  const { url, method, headers, signal } = call;
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  const outgoing = request({
    ...connection,
    method,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    headers: { host: url.host, ...headers },
    maxHeaderSize: MOST_HEAD_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });
  const answer = Promise.withResolvers<IncomingMessage>();
  outgoing.on('response', answer.resolve);
  outgoing.on('error', answer.reject);
  limitConnecting(outgoing, timeouts.connectMs);
  const sending = send(outgoing, call.body, answer.promise);
  // Until all is sent there is no limit: who feeds the stream knows how long a part may take.
  sending.then(
    () => within(timeouts.commitMs, 'UND_ERR_HEADERS_TIMEOUT', outgoing, answer.promise).catch(() => undefined),
    (error: unknown) => outgoing.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return toResponse(await answer.promise, outgoing);
}

/** Ends early where an answer came or the connection broke. */
async function send(outgoing: ClientRequest, body: AsyncIterable<Uint8Array>, answer: Promise<unknown>): Promise<void> {
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
    if (next.done === true) return void outgoing.end();
    await new Promise<void>((resolve) => outgoing.write(next.value, () => resolve()));
  }
}

function limitConnecting(outgoing: ClientRequest, connectMs: number): void {
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return;
    const connecting = new Promise<void>((resolve) => {
      socket.once('connect', resolve).once('close', () => resolve());
    });
    void within(connectMs, 'UND_ERR_CONNECT_TIMEOUT', outgoing, connecting);
  });
}

function toResponse(message: IncomingMessage, outgoing: ClientRequest): HttpResponse {
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
    },
  });
  return { status: message.statusCode ?? 0, headers: joined(message.headers), body };
}
