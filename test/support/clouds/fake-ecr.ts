// Amazon ECR as far as copies need it, on loopback: the AWS API with its layer uploads in parts, which moto has not got, and the registry's
// own API beside it. A fake by the documented wire format; no real ECR was asked to make it. Of layers in parts it keeps digest and size.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html
import { once } from 'node:events';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { callOfAws, type AwsAnswer } from './fake-ecr-api.ts';
import { callOfRegistry } from './fake-ecr-registry.ts';
import { newEcrState, type EcrState } from './fake-ecr-state.ts';

export type EcrCall = {
  /** Of the AWS API (`UploadLayerPart`), or method and kind of path: `PATCH upload`. */
  operation: string;
  /** How many there were of this operation, with this one. */
  count: number;
  /** As they came. */
  sizeBytes: number;
};

/** What becomes of a call instead of what should: another answer, no answer, or none although it was carried out. */
export type EcrFault = AwsAnswer | 'cut' | 'lose';

export type FakeEcr = EcrState & {
  /** host:port of both interfaces. */
  host: string;
  /** What the SDK reads to come here, and an identity to come with. */
  env: Readonly<Record<string, string>>;
  calls: EcrCall[];
  /** How often an operation was called. */
  count(operation: string): number;
  /** Asked for each call; undefined lets it be. */
  fault: ((call: EcrCall) => EcrFault | undefined) | undefined;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function startFakeEcr(): Promise<FakeEcr> {
  const state = newEcrState();
  const calls: EcrCall[] = [];
  const server = http.createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await buffer(request);
    const target = request.headers['x-amz-target'];
    const isAws = typeof target === 'string';
    const operation = isAws ? target.slice(target.indexOf('.') + 1) : `${request.method} ${kindOf(request.url ?? '')}`;
    const call = { operation, sizeBytes: body.length, count: fake.count(operation) + 1 };
    calls.push(call);
    const fault = fake.fault?.(call);
    if (fault === 'cut') return void request.socket.destroy();
    const carriedOut = () => (isAws ? callOfAws(fake, operation, request, body) : callOfRegistry(fake, request, body));
    const { status, headers = {}, body: told = '' } = typeof fault === 'object' ? fault : carriedOut();
    if (fault === 'lose') return void request.socket.destroy();
    const isBytes = typeof told === 'string' || Buffer.isBuffer(told);
    const type = isAws ? 'application/x-amz-json-1.1' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(request.method === 'HEAD' ? undefined : isBytes ? told : JSON.stringify(told));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  const host = `127.0.0.1:${address.port}`;
  const { accessKeyId, secretAccessKey } = state.settings;
  const fake: FakeEcr = {
    ...state,
    host,
    calls,
    fault: undefined,
    env: {
      AWS_ENDPOINT_URL_ECR: `http://${host}`,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: 'eu-west-1',
      // no files of whoever runs the test
      AWS_CONFIG_FILE: '/nonexistent',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    count: (operation) => calls.filter((call) => call.operation === operation).length,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return fake;
}

function kindOf(url: string): string {
  if (url.includes('/blobs/uploads/')) return 'upload';
  return /\/(?<kind>blob|manifest|referrer)s\//.exec(url)?.groups?.['kind'] ?? 'root';
}
