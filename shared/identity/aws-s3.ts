// Reads and writes one object of S3 as text: a configuration, no more.
import { callAwsForText, type AwsSurroundings } from './aws-call.ts';
import { awsEndpoint } from './aws-endpoint.ts';

export type S3Object = { bucket: string; key: string; region: string };

/** What S3 says of the text: a version where the bucket keeps them. */
export type S3Text = { text: string; versionId?: string };

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @throws TransshipError not-found, denied, and what AWS answers else
 */
export async function getObjectText(object: S3Object, surroundings: AwsSurroundings): Promise<S3Text> {
  const { text, headers } = await callAwsForText(callFor('GET', object, surroundings.env), surroundings);
  return { text, ...versionOf(headers) };
}

/**
 * The same, unless it is still the one of that ETag: then undefined.
 * @throws TransshipError like `getObjectText`
 */
export async function getChangedText(
  object: S3Object,
  known: string | undefined,
  limits: { timeoutMs: number; mostBytes: number },
  surroundings: AwsSurroundings,
): Promise<{ text: string; etag: string; lastModified: string } | undefined> {
  const headers: Record<string, string> = known === undefined || known === '' ? {} : { 'if-none-match': known };
  const call = { ...callFor('GET', object, surroundings.env), ...limits, headers };
  const answer = await callAwsForText(call, surroundings);
  const { etag = '', 'last-modified': lastModified = '' } = answer.headers;
  return answer.status === 304 ? undefined : { text: answer.text, etag, lastModified };
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 * @throws TransshipError not-found (the bucket), denied, and what AWS answers else
 */
export async function putObjectText(
  object: S3Object,
  { text, contentType }: { text: string; contentType: string },
  surroundings: AwsSurroundings,
): Promise<Omit<S3Text, 'text'>> {
  const call = callFor('PUT', object, surroundings.env);
  const headers = { 'content-type': contentType };
  return versionOf((await callAwsForText({ ...call, headers, body: text }, surroundings)).headers);
}

function callFor(method: 'GET' | 'PUT', object: S3Object, env: NodeJS.ProcessEnv) {
  const { bucket, key, region } = object;
  return {
    method,
    url: objectUrl(object, env),
    service: 's3',
    region,
    action: method === 'GET' ? 's3:GetObject' : 's3:PutObject',
    what: `s3://${bucket}/${key}`,
    details: { operation: method === 'GET' ? 'read object' : 'write object', bucket, key },
  };
}

/** The bucket is a part of the host, as AWS wants it; behind an address of one's own it is a part of the path. */
function objectUrl({ bucket, key, region }: S3Object, env: NodeJS.ProcessEnv): URL {
  const url = awsEndpoint({ host: 's3', variable: 'S3', region }, env);
  const path = key.split('/').map(encodeURIComponent).join('/');
  const isAmazon = /^s3(?:-fips)?\./.test(url.host) && url.host.includes(`.${region}.`);
  // with a dot in the name of the bucket no certificate fits
  if (!isAmazon || bucket.includes('.')) return new URL(`/${bucket}/${path}`, url);
  url.host = `${bucket}.${url.host}`;
  return new URL(`/${path}`, url);
}

function versionOf(headers: Readonly<Record<string, string | undefined>>): { versionId?: string } {
  const versionId = headers['x-amz-version-id'];
  return versionId === undefined || versionId === 'null' ? {} : { versionId };
}
