// ECR around a host: its AWS API in one place, and fronts before the registries that speak for it, which know whose token comes and hold it
// to the rights of that role, as ECR does: with a token its holder may do what the role may that asked for it.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
import http from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { signedHeaders } from '../../../shared/identity/aws-sign.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import type { FakeEcr } from '../clouds/fake-ecr.ts';
import { startFront, type Front } from '../front.ts';

/** Whether the role of a function allows an action on a repository; `*` is all of them. */
export type JudgeEcr = (caller: string, action: string, repository: string) => boolean;

/** What moto gives to `aws ecr get-login-password`. */
export const ECR_PASSWORD = '123456789012-auth-token';

/** The password of a caller: what comes with it is judged by the caller's role. */
export function ecrPasswordOf(caller: string): string {
  return `${ECR_PASSWORD}.${caller}`;
}

/** @param judge is asked about tokens that belong to somebody */
export function startEcrFront(behind: { host: string }, judge: JudgeEcr): Promise<Front> {
  return startFront(behind, (request, response) => {
    const caller = callerIn(request.headers.authorization);
    if (caller === undefined) return Promise.resolve(false);
    const denied = actionsOf(request).find(([action, repository]) => !judge(caller, action, repository));
    if (denied !== undefined) {
      const message = `User: ${caller} is not authorized to perform: ${denied[0]} on resource: ${denied[1]}`;
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errors: [{ code: 'DENIED', message }] }));
      return Promise.resolve(true);
    }
    request.headers.authorization = `Basic ${Buffer.from(`AWS:${ECR_PASSWORD}`).toString('base64')}`;
    return Promise.resolve(false);
  });
}

function callerIn(authorization = ''): string | undefined {
  const login = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
  const prefix = `AWS:${ecrPasswordOf('')}`;
  return login.startsWith(prefix) ? login.slice(prefix.length) : undefined;
}

const PATH = /^\/v2\/(?<name>.+)\/(?<kind>blobs\/uploads|blobs|manifests|referrers|tags)\//;

/**
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html and, for pulls,
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
 */
function actionsOf({ method, url = '' }: http.IncomingMessage): [action: string, repository: string][] {
  if (url.startsWith('/v2/_catalog')) return [['ecr:DescribeRepositories', '*']];
  const { name = '', kind } = PATH.exec(url)?.groups ?? {};
  const from = method === 'POST' ? new URL(url, 'http://ecr').searchParams.get('from') : null;
  if (from !== null) {
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html
    const read = ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer'];
    return [['ecr:InitiateLayerUpload', name], ...read.map((action): [string, string] => [action, from])];
  }
  return (ACTIONS[kind ?? '']?.[method ?? ''] ?? []).map((action) => [`ecr:${action}`, name]);
}

const ACTIONS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'blobs/uploads': {
    POST: ['InitiateLayerUpload'],
    PATCH: ['UploadLayerPart'],
    // with all that there is in its body
    PUT: ['UploadLayerPart', 'CompleteLayerUpload'],
  },
  blobs: { HEAD: ['BatchCheckLayerAvailability'], GET: ['BatchCheckLayerAvailability', 'GetDownloadUrlForLayer'] },
  manifests: {
    HEAD: ['BatchGetImage'],
    GET: ['BatchGetImage'],
    PUT: ['PutImage'],
    DELETE: ['BatchDeleteImage'],
  },
  referrers: { GET: ['BatchGetImage'] },
  tags: { GET: ['ListImages'] },
};

const AT_THE_FAKE = /\.(?:CreateRepository|(?:Initiate|Complete)LayerUpload|UploadLayerPart)$/;

/** The AWS API: images go into the fake, which has them, and all else to moto. The fake gets calls of everybody in its own name. */
export async function startEcrApi(fake: FakeEcr, others: { url: string }): Promise<{ url: string } & AsyncDisposable> {
  const server = http.createServer((request, response) => {
    passOn(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async function passOn(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { method = '', url: path = '/' } = request;
    const isAtTheFake = AT_THE_FAKE.test(String(request.headers['x-amz-target']));
    const url = new URL(path, isAtTheFake ? `http://${fake.host}` : others.url);
    const headers = isAtTheFake ? signed(request.headers, url, body) : { ...request.headers, host: url.host };
    const onward = http.request(url, { method, headers });
    onward.end(body);
    const [answer] = (await once(onward, 'response')) as [http.IncomingMessage];
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  }

  function signed(headers: http.IncomingHttpHeaders, url: URL, body: Buffer): Record<string, string> {
    const { accessKeyId, secretAccessKey } = fake.settings;
    const sent = {
      'content-type': String(headers['content-type']),
      'x-amz-target': String(headers['x-amz-target']),
    };
    const place = { region: 'eu-west-1', service: 'ecr', at: new Date() };
    const keys = { accessKeyId, secretAccessKey: new Secret(secretAccessKey) };
    return {
      ...sent,
      'content-length': String(body.length),
      ...signedHeaders({ method: 'POST', url, headers: sent, body: body.toString('latin1') }, { keys, ...place }),
    };
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
