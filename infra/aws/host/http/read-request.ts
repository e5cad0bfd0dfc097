// A request as API Gateway tells a function of it, in the form that the API takes. Its body is the bytes that the sender sent, because
// senders sign them.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

export type HttpEvent = Pick<
  APIGatewayProxyEventV2,
  'body' | 'cookies' | 'headers' | 'isBase64Encoded' | 'rawPath' | 'rawQueryString'
> & {
  requestContext: Pick<APIGatewayProxyEventV2['requestContext'], 'domainName' | 'stage'> & {
    http: Pick<APIGatewayProxyEventV2['requestContext']['http'], 'method' | 'sourceIp'>;
  };
};

/** Of a message that came in pieces; here it came whole. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te']);
const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** @param signal aborted when nobody waits for the answer any more */
export function readRequest(event: HttpEvent, signal: AbortSignal): Request {
  const { method } = event.requestContext.http;
  const bytes = bodyOf(event);
  const headers = headersOf(event);
  if (bytes.length > 0 || headers.has('content-length')) headers.set('content-length', String(bytes.length));
  return new Request(urlOf(event), {
    method,
    headers,
    signal,
    ...(WITHOUT_BODY.has(method) || bytes.length === 0 ? {} : { body: bytes }),
  });
}

function bodyOf({ body, isBase64Encoded }: HttpEvent): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'));
}

/** API Gateway has joined what came several times, and keeps cookies apart. */
function headersOf({ headers: given, cookies = [] }: HttpEvent): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || HOP_BY_HOP.has(name.toLowerCase())) continue;
    // bytes, as every other host has them
    const bytes = Buffer.from(value, 'utf8').toString('latin1');
    // what a server would not take is as good as not sent
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\0\r\n]/.test(bytes)) headers.set(name, bytes);
  }
  if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
  return headers;
}

function urlOf({ rawPath, rawQueryString, requestContext: { domainName, stage } }: HttpEvent): string {
  // only the stage $default has no part of the path
  const prefix = stage === '$default' ? '' : `/${stage}`;
  const path = rawPath === prefix || rawPath.startsWith(`${prefix}/`) ? rawPath.slice(prefix.length) : rawPath;
  const query = rawQueryString === '' ? '' : `?${escaped(rawQueryString)}`;
  return `https://${domainName}${escaped(path === '' ? '/' : path).replaceAll('?', '%3F')}${query}`;
}

/** Parts of a path come decoded: what cannot stand in a URL is escaped anew, what is escaped stays. */
function escaped(text: string): string {
  const wellFormed = text.toWellFormed().replaceAll(/%(?![\da-f]{2})/gi, '%25');
  return wellFormed.replaceAll(/[^\w\-.~!$&'()*+,;=:@/%?]/gu, encodeURIComponent);
}
