// One HTTP exchange with an API server by Node's own client: limits of time for each of its phases, no redirect, no second try.
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { timedOut } from './network-failure.ts';

/** In milliseconds. */
export type ExchangeLimits = {
  connectMs: number;
  /** From the end of the request to the head of the answer. API servers give up after a minute. */
  answerMs: number;
  /** Without a byte of the body. */
  stallMs: number;
};

export const EXCHANGE_LIMITS: ExchangeLimits = { connectMs: 10_000, answerMs: 65_000, stallMs: 30_000 };

export type Exchange = {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string | string[]>>;
  body?: string;
  agent: Agent;
  limits: ExchangeLimits;
  signal?: AbortSignal;
};

export type Answer = { status: number; headers: IncomingHttpHeaders; body: IncomingMessage };

/** Resolves with the head of the answer; who gets it reads the body or destroys it. @throws Error of the socket, as it comes */
export async function exchange({ url, method, headers, body, agent, limits, signal }: Exchange): Promise<Answer> {
  // `import` of node:http would load Node's copy of undici for the WebSocket among its exports: 45 ms.
  const { request } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
  const outgoing = request({
    agent,
    method,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    headers: {
      host: url.host,
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    },
    ...(signal === undefined ? {} : { signal }),
  });
  const answer = Promise.withResolvers<IncomingMessage>();
  outgoing.on('response', answer.resolve);
  outgoing.on('error', answer.reject);
  limitConnecting(outgoing, limits.connectMs);
  const timer = setTimeout(() => outgoing.destroy(timedOut('ERR_ANSWER_TIMEOUT')), limits.connectMs + limits.answerMs);
  outgoing.end(body);
  try {
    const message = await answer.promise;
    limitStall(message, limits.stallMs);
    return { status: message.statusCode ?? 0, headers: message.headers, body: message };
  } finally {
    clearTimeout(timer);
  }
}

function limitConnecting(outgoing: ClientRequest, connectMs: number): void {
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => outgoing.destroy(timedOut('ERR_CONNECT_TIMEOUT')), connectMs);
    const stop = (): void => clearTimeout(timer);
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', stop).once('close', stop);
  });
}

function limitStall(message: IncomingMessage, stallMs: number): void {
  const { socket } = message;
  const onTimeout = (): void => void message.destroy(timedOut('ERR_BODY_TIMEOUT'));
  socket.setTimeout(stallMs);
  socket.on('timeout', onTimeout);
  message.once('close', () => socket.off('timeout', onTimeout));
}

/** The whole body; undefined for one that is longer. @throws Error of the socket */
export async function readBody(body: IncomingMessage, mostBytes: number): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    sizeBytes += part.byteLength;
    if (sizeBytes > mostBytes) {
      body.destroy();
      return undefined;
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
