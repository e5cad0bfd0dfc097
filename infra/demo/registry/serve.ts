// The way of one request: log it, apply faults, authorize it, call its handler, send the reply.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { authorize, type Identity } from './access.ts';
import { breakOff, paced, withFault } from './body-faults.ts';
import type { Exchange, Parts } from './exchange.ts';
import type { FaultPlan, FaultTable } from './faults.ts';
import type { Notifier } from './notifications.ts';
import { isRefusal, refusal, type Reply } from './reply.ts';
import type { LogLine, RequestLog } from './request-log.ts';
import { routeOf } from './route.ts';
import { sendReply } from './send-reply.ts';
import { handleToken, TOKEN_PATH } from './token.ts';
import type { TokenTable } from './token-table.ts';

export type Service = Parts & {
  tokens: TokenTable;
  faults: FaultTable;
  log: RequestLog;
  notifier: Notifier;
  /** Aborts when the registry stops. */
  stopping: AbortSignal;
  scheme: 'http' | 'https';
};

/** Serves one request to its end; never rejects. */
export async function serve(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET';
  const path = request.url ?? '/';
  const line = service.log.begin(method, path, request.headers);
  const plan = service.faults.planFor(method, path);
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  try {
    if (plan.delayMs > 0) await delay(plan.delayMs, undefined, { signal: service.stopping });
    const reply = await answer(service, request, plan, line);
    if (request.destroyed && !request.complete) return;
    line.answered(reply.status);
    line.sent(await sendReply(response, reply, plan, service.stopping));
  } catch {
    // The connection is gone, by a fault, by the client or because the registry stops: nobody is left to answer.
    response.destroy();
  }
}

async function answer(service: Service, request: IncomingMessage, plan: FaultPlan, line: LogLine): Promise<Reply> {
  const body = requestBody(service, request, plan, line);
  try {
    if (plan.answer !== undefined) {
      const { status, headers, body: text } = plan.answer;
      return { status, headers, body: Buffer.from(text) };
    }
    if (plan.request?.afterBytes === 0) {
      await breakOff(plan.request, service.stopping, () => request.socket.destroy());
    }
    return await handle(service, request, body);
  } catch (error) {
    if (isRefusal(error)) return error.reply;
    if (!request.complete && request.destroyed) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return refusal(500, 'UNKNOWN', message).reply;
  }
}

function handle(service: Service, request: IncomingMessage, body: AsyncIterable<Uint8Array>): Reply | Promise<Reply> {
  const { options, now } = service;
  const method = request.method ?? 'GET';
  const prefix = options.pathPrefix ?? '';
  const origin = `${service.scheme}://${request.headers.host ?? 'localhost'}${prefix}`;
  if (!request.url?.startsWith(`${prefix}/`)) throw refusal(404, 'UNSUPPORTED', 'nothing is served here');
  const url = new URL(`http://registry.invalid${request.url.slice(prefix.length)}`);
  if (url.pathname === TOKEN_PATH && options.auth?.kind === 'token') {
    return handleToken(options.auth, service.tokens, { method, url, headers: request.headers, body }, now);
  }
  const route = routeOf(method, url);
  const identity = authorize(options.auth, service.tokens, {
    authorization: request.headers.authorization,
    needed: route.scopes,
    tokenUrl: `${origin}${TOKEN_PATH}`,
  });
  const length = request.headers['content-length'];
  const hasBody = length !== undefined || request.headers['transfer-encoding'] !== undefined;
  const exchange: Exchange = {
    method,
    url,
    headers: request.headers,
    bodyBytes: hasBody ? (length === undefined ? undefined : Number(length)) : 0,
    body,
    identity,
    locate: (path) => (options.absoluteLocations ? `${origin}${path}` : `${prefix}${path}`),
    announce: (announcement) =>
      service.notifier.announce(announcement, eventSource(service, request, identity, origin)),
  };
  return route.handle(service, exchange);
}

function eventSource(service: Service, request: IncomingMessage, identity: Identity, origin: string) {
  return {
    id: randomUUID(),
    addr: `${request.socket.remoteAddress}:${request.socket.remotePort}`,
    host: request.headers.host ?? '',
    method: request.method ?? 'GET',
    useragent: request.headers['user-agent'] ?? '',
    user: identity.user,
    origin,
    at: new Date(service.now()),
  };
}

/** The request body, counted, and broken where the fault plan says so. An early end of the reader leaves the connection alive for the reply. */
async function* requestBody(
  service: Service,
  request: IncomingMessage,
  plan: FaultPlan,
  line: LogLine,
): AsyncGenerator<Uint8Array> {
  const { request: pace } = plan.pace;
  const counting = counted(request.iterator({ destroyOnReturn: false }), line);
  const chunks = pace === undefined ? counting : paced(counting, pace, service.stopping);
  if (plan.request === undefined || plan.request.afterBytes === 0) yield* chunks;
  else yield* withFault(chunks, plan.request, service.stopping, () => request.socket.destroy());
}

async function* counted(chunks: AsyncIterable<Uint8Array>, line: LogLine): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    line.received(chunk.length);
    yield chunk;
  }
}
