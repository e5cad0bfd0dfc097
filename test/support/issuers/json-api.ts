// A loopback server for interfaces that speak JSON: each fake of a vendor says what it answers, and a fault may stand in for all of it.
import http from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export type ApiCall = {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: unknown;
};
export type ApiReply = { status: number; json?: unknown };

/** A status with an error document, what is no JSON, an answer that never comes, or JSON of another shape. */
export type ApiFault = number | 'hang' | 'garbage' | 'empty';

export type JsonApi = {
  host: string;
  url: string;
  calls: ApiCall[];
  /** Answers each further call like this; undefined: as the fake does. */
  fault: ApiFault | undefined;
  /** What its clock shows beyond ours, in milliseconds. */
  skewMs: number;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function startJsonApi(
  answer: (call: ApiCall, api: JsonApi) => ApiReply | Promise<ApiReply>,
): Promise<JsonApi> {
  const server = http.createServer((request, response) => {
    void serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const api: JsonApi = {
    host,
    url: `http://${host}`,
    calls: [],
    fault: undefined,
    skewMs: 0,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return api;

  async function serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://api');
    const sent = await text(request);
    const body: unknown = sent === '' ? undefined : JSON.parse(sent);
    const { method = '', headers } = request;
    const call = { method, path: url.pathname, query: url.searchParams, headers, body };
    api.calls.push(call);
    response.setHeader('date', new Date(Date.now() + api.skewMs).toUTCString());
    if (api.fault === 'hang') return;
    if (api.fault === 'garbage') {
      response.writeHead(method === 'POST' ? 201 : 200).end(`<html>${JSON.stringify(headers)}`);
      return;
    }
    if (api.fault === 429) response.setHeader('retry-after', '30');
    if (api.fault === 302) response.setHeader('location', `${api.url}/elsewhere`);
    const reply = api.fault === undefined ? await answer(call, api) : faulty(api.fault, call);
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(reply.json === undefined ? undefined : JSON.stringify(reply.json));
  }
}

/** Repeats what it was sent, as debugging proxies do: none of it may come to light. */
function faulty(fault: number | 'empty', { method, headers }: ApiCall): ApiReply {
  if (fault === 'empty') return { status: method === 'POST' ? 201 : 200, json: { token: '' } };
  return { status: fault, json: { message: `refused: ${headers.authorization}`, headers } };
}

/** User name and password of a Basic header. */
export function basicOf({ headers }: ApiCall): { username: string; password: string } | undefined {
  const [, encoded = ''] = /^Basic (.*)$/.exec(headers.authorization ?? '') ?? [];
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
