// Signatures of AWS (version 4) for the few calls that are made without a client of the SDK: in the headers of a request, or in a URL
// that somebody else will ask for.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac } from 'node:crypto';
import type { Secret } from '../telemetry/secret.ts';

export type AwsKeys = { accessKeyId: string; secretAccessKey: Secret; sessionToken?: Secret | undefined };

type Signed = { keys: AwsKeys; region: string; service: string; at: Date };

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The headers to send with a request; those given are signed, whatever else is sent is not. */
export function signedHeaders(
  { method, url, headers, body }: { method: string; url: URL; headers: Readonly<Record<string, string>>; body: string },
  { keys, region, service, at }: Signed,
): Record<string, string> {
  const time = timestamp(at);
  const sent: Record<string, string> = {
    ...headers,
    // S3 wants to be told what the signature holds for
    ...(service === 's3' ? { 'x-amz-content-sha256': sha256(body) } : {}),
    'x-amz-date': time,
    ...(keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken.reveal() }),
  };
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const path = service === 's3' ? objectPath(url) : pathOf(url);
  const canonical = canonicalRequest({ method, url, path }, { ...sent, host: url.host }, sha256(body));
  const signature = sign(canonical.text, { keys, region, service, time, scope });
  const credential = `Credential=${keys.accessKeyId}/${scope}`;
  return {
    ...sent,
    authorization: `${ALGORITHM} ${credential}, SignedHeaders=${canonical.names}, Signature=${signature}`,
  };
}

/** A URL that may be asked for by GET with just these headers, for so long. It is a secret: who has it is the signer. */
export function presignedUrl(
  { url, headers, lifeSeconds }: { url: URL; headers: Readonly<Record<string, string>>; lifeSeconds: number },
  { keys, region, service, at }: Signed,
): URL {
  const time = timestamp(at);
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const signed = new URL(url);
  const all = { ...headers, host: url.host };
  const parameters: Record<string, string> = {
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${keys.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(lifeSeconds),
    'X-Amz-SignedHeaders': namesOf(all).join(';'),
    ...(keys.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': keys.sessionToken.reveal() }),
  };
  for (const [name, value] of Object.entries(parameters)) signed.searchParams.set(name, value);
  signed.search = canonicalQuery(signed);
  const canonical = canonicalRequest({ method: 'GET', url: signed, path: pathOf(signed) }, all, sha256(''));
  signed.search += `&X-Amz-Signature=${sign(canonical.text, { keys, region, service, time, scope })}`;
  return signed;
}

/** Each part is escaped once more than in the address itself. */
function pathOf(url: URL): string {
  return url.pathname.split('/').map(escaped).join('/');
}

/** Of S3: each part is escaped once, and no slash is dropped. */
function objectPath(url: URL): string {
  return url.pathname
    .split('/')
    .map((part) => escaped(decodeURIComponent(part)))
    .join('/');
}

function canonicalRequest(
  { method, url, path }: { method: string; url: URL; path: string },
  headers: Readonly<Record<string, string>>,
  bodyHash: string,
) {
  const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, ' ')]);
  const names = namesOf(headers).join(';');
  const sorted = lines.toSorted(([left = ''], [right = '']) => (left < right ? -1 : 1));
  const text = [
    method,
    path,
    canonicalQuery(url),
    ...sorted.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    bodyHash,
  ].join('\n');
  return { text, names };
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .toSorted()
    .join('&');
}

function namesOf(headers: Readonly<Record<string, string>>): string[] {
  return Object.keys(headers)
    .map((name) => name.toLowerCase())
    .toSorted();
}

function sign(
  canonical: string,
  { keys, region, service, time, scope }: Omit<Signed, 'at'> & { time: string; scope: string },
): string {
  const text = [ALGORITHM, time, scope, sha256(canonical)].join('\n');
  let key: Buffer = Buffer.from(`AWS4${keys.secretAccessKey.reveal()}`, 'utf8');
  for (const part of [time.slice(0, 8), region, service, 'aws4_request']) {
    key = createHmac('sha256', key).update(part).digest();
  }
  return createHmac('sha256', key).update(text).digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** `20150830T123600Z` */
function timestamp(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** As RFC 3986 has it: more than `encodeURIComponent` leaves alone. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
