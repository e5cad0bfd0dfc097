// A request as an HTTP API of API Gateway hands it to a function, payload format 2.0, and a function's answer as it comes back.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html. What that page does not say:
// the path comes decoded and ends at a decoded `?` (https://github.com/middleapi/standard-server/pull/93), the query as it was sent.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';

export type RouteMatch = { routeKey: string; pathParameters: Readonly<Record<string, string>> };

export type HttpAnswer = { status: number; headers: OutgoingHttpHeaders; body: Buffer };

/** What a body is text by; all else comes in base64, forms too. */
const TEXT = /^(?:text\/|application\/(?:json|javascript|xml)\b)/i;

export function httpEvent(
  request: IncomingMessage,
  body: Buffer,
  { match, accountId }: { match: RouteMatch; accountId: string },
): APIGatewayProxyEventV2 {
  const [path = '/', ...queries] = (request.url ?? '/').split('?');
  const rawQueryString = queries.join('?');
  const rawPath = decodedPath(path);
  const { cookie, ...headers } = joinedHeaders(request);
  const host = headers['host'] ?? '';
  const sourceIp = request.socket.remoteAddress ?? '';
  const now = new Date();
  const isText = TEXT.test(headers['content-type'] ?? 'text/plain') && headers['content-encoding'] === undefined;
  const query = joinedQuery(rawQueryString);
  return {
    version: '2.0',
    routeKey: match.routeKey,
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; */) }),
    headers: {
      ...headers,
      'x-amzn-trace-id': `Root=1-${Math.floor(now.getTime() / 1000).toString(16)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`,
      'x-forwarded-for': [headers['x-forwarded-for'], sourceIp].filter((one) => one !== undefined).join(', '),
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId,
      apiId: 'emulated',
      domainName: host,
      domainPrefix: host.split('.')[0] ?? '',
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: match.routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(Object.keys(match.pathParameters).length === 0 ? {} : { pathParameters: { ...match.pathParameters } }),
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** @throws Error for what API Gateway cannot make an answer of: it says 500 then */
export function httpAnswer(payload: unknown): HttpAnswer {
  if (typeof payload !== 'object' || payload === null || !('statusCode' in payload)) {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  }
  const { statusCode, headers = {}, cookies, body = '', isBase64Encoded } = payload as Record<string, unknown>;
  if (!Number.isInteger(Number(statusCode))) throw new Error(`statusCode is ${String(statusCode)}`);
  if (typeof body !== 'string') throw new Error('body is not a text');
  const sent: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers as object)) sent[name.toLowerCase()] = String(value);
  sent['content-type'] ??= 'text/plain;charset=UTF-8';
  if (Array.isArray(cookies)) sent['set-cookie'] = cookies.map(String);
  return {
    status: Number(statusCode),
    headers: sent,
    body: Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path).split('?')[0] ?? '';
  } catch {
    return path;
  }
}

/** Names in lower case, several of one name joined by commas, none that concern one connection only. */
function joinedHeaders({ rawHeaders }: IncomingMessage): Partial<Record<string, string>> {
  const joined: Partial<Record<string, string>> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    if (['connection', 'keep-alive', 'transfer-encoding'].includes(name)) continue;
    const before = joined[name];
    joined[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ','}${value}`;
  }
  return joined;
}

function joinedQuery(rawQueryString: string): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const before = joined[name];
    joined[name] = before === undefined ? value : `${before},${value}`;
  }
  return joined;
}

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(at: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(at.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
