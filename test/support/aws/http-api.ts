// The HTTP API of API Gateway, emulated: a server on loopback that hands requests to functions by the routes of the template.
// Limits as in https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html: 10 MB of a body, 10,240 bytes of request
// line and headers, 30 seconds; what Lambda takes and gives (6 MB) binds first.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { InvocationResult } from './execution-environment.ts';
import { httpAnswer, httpEvent, type HttpAnswer } from './http-event.ts';
import { matchRoute, type Route } from './http-routes.ts';

export type HttpApi = { url: string; stop(): void };

export type HttpApiOptions = {
  routes: readonly Route[];
  accountId: string;
  /** 30 seconds. */
  timeoutMs?: number;
  invoke: (functionArn: string, event: unknown) => Promise<InvocationResult>;
};

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_HEADER_BYTES = 10_240;

export async function startHttpApi({
  routes,
  accountId,
  timeoutMs = 30_000,
  invoke,
}: HttpApiOptions): Promise<HttpApi> {
  async function answer(request: IncomingMessage): Promise<HttpAnswer> {
    const headerBytes = request.rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text) + 2, 0);
    if (headerBytes > MAX_HEADER_BYTES) return message(431, 'Request Header Fields Too Large');
    const body = await readBody(request);
    if (body === undefined) return message(413, 'Request Entity Too Large');
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const match = matchRoute(routes, request.method ?? 'GET', path);
    if (match === undefined) return message(404, 'Not Found');
    const invoked = await within(timeoutMs, invoke(match.functionArn, httpEvent(request, body, { match, accountId })));
    if (invoked === undefined) return message(503, 'Service Unavailable');
    if (invoked.error !== undefined) return message(500, 'Internal Server Error');
    return httpAnswer(invoked.payload);
  }

  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown) =>
        error instanceof RangeError ? message(413, 'Request Entity Too Large') : message(500, 'Internal Server Error'),
      )
      .then((made) => send(request, response, made))
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function message(status: number, text: string): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ message: text })),
  };
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  const isBare = request.method === 'HEAD' || status === 204 || status === 304;
  response.writeHead(status, isBare ? headers : { ...headers, 'content-length': body.length });
  response.end(isBare ? undefined : body);
}

/** Undefined where it is too large: the rest is read and thrown away, so that the sender hears the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

async function within<Value>(timeoutMs: number, work: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
