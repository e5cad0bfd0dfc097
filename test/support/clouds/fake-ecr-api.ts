// The AWS API of the fake ECR: logins, repositories, and layers in parts. Each call is answered only with the signature of its identity.
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { signedHeaders } from '../../../shared/identity/aws-sign.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { newRepository, type EcrState } from './fake-ecr-state.ts';

export type AwsAnswer = { status: number; headers?: Record<string, string>; body?: unknown };

type Input = {
  repositoryName: string;
  uploadId: string;
  partFirstByte: number;
  partLastByte: number;
  layerPartBlob: string;
  layerDigests: string[];
};

/** An error of the JSON protocol. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization */
export function awsFault(type: string, message: string, more: Record<string, unknown> = {}, status = 400): AwsAnswer {
  return { status, body: { __type: type, message, ...more } };
}

export function callOfAws(state: EcrState, operation: string, request: IncomingMessage, body: Buffer): AwsAnswer {
  const text = body.toString('latin1');
  const input: Input = JSON.parse(text);
  // to look at the signature of each large part would cost more than all the rest
  const isLaterPart = body.length > 2 ** 20 && input.partFirstByte > 0;
  if (!isLaterPart && !isSigned(state, request, text))
    return awsFault('InvalidSignatureException', 'the signature is wrong');
  const answers = OPERATIONS[operation];
  if (answers === undefined) return awsFault('UnknownOperationException', operation);
  return answers(state, input, request);
}

const OPERATIONS: Readonly<Record<string, (state: EcrState, input: Input, request: IncomingMessage) => AwsAnswer>> = {
  GetAuthorizationToken({ settings }, _, { headers }) {
    const authorizationToken = Buffer.from(`AWS:${settings.token}`).toString('base64');
    const expiresAt = Date.now() / 1000 + 12 * 3600;
    const proxyEndpoint = `http://${headers.host}`;
    return { status: 200, body: { authorizationData: [{ authorizationToken, expiresAt, proxyEndpoint }] } };
  },
  CreateRepository({ repositories }, { repositoryName }) {
    if (repositories.has(repositoryName)) return awsFault('RepositoryAlreadyExistsException', 'it is there');
    repositories.set(repositoryName, newRepository());
    return { status: 200, body: { repository: { repositoryName } } };
  },
  InitiateLayerUpload({ repositories, uploads, settings }, { repositoryName }) {
    if (!repositories.has(repositoryName)) return awsFault('RepositoryNotFoundException', 'no such repository');
    const uploadId = randomUUID();
    const hash = createHash('sha256');
    const empty = { hash, sizeBytes: 0, parts: 0, hasSmallPart: false, lastPartBytes: 0 };
    uploads.set(uploadId, { repository: repositoryName, ...empty });
    return { status: 200, body: { uploadId, partSize: settings.partSize } };
  },
  UploadLayerPart: uploadPart,
  CompleteLayerUpload: complete,
};

/** Parts come one behind the other, and each once. */
function uploadPart({ uploads, settings }: EcrState, input: Input): AwsAnswer {
  const { uploadId, repositoryName, partFirstByte, partLastByte } = input;
  const upload = uploads.get(uploadId);
  if (upload?.repository !== repositoryName) return awsFault('UploadNotFoundException', `no upload ${uploadId}`);
  const part = Buffer.from(input.layerPartBlob, 'base64');
  const isConsecutive = partFirstByte === upload.sizeBytes && partLastByte === partFirstByte + part.length - 1;
  if (!isConsecutive || part.length > settings.mostPartBytes) {
    const lastValidByteReceived = upload.sizeBytes - 1;
    const place = { registryId: '123456789012', repositoryName, uploadId };
    return awsFault('InvalidLayerPartException', 'not consecutive', { ...place, lastValidByteReceived });
  }
  if (upload.parts === settings.mostParts) return awsFault('LimitExceededException', 'too many parts');
  upload.hasSmallPart ||= upload.parts > 0 && upload.lastPartBytes < settings.leastPartBytes;
  upload.hash.update(part);
  upload.sizeBytes += part.length;
  upload.lastPartBytes = part.length;
  upload.parts += 1;
  return { status: 200, body: { uploadId, repositoryName, lastByteReceived: upload.sizeBytes - 1 } };
}

function complete({ repositories, uploads }: EcrState, input: Input): AwsAnswer {
  const { uploadId, repositoryName, layerDigests } = input;
  const upload = uploads.get(uploadId);
  const repository = repositories.get(repositoryName);
  if (upload?.repository !== repositoryName || repository === undefined)
    return awsFault('UploadNotFoundException', `no upload ${uploadId}`);
  if (upload.sizeBytes === 0) return awsFault('EmptyUploadException', 'no parts');
  if (upload.hasSmallPart) return awsFault('LayerPartTooSmallException', 'a part was smaller than 5 MiB');
  const layerDigest = `sha256:${upload.hash.copy().digest('hex')}`;
  if (repository.blobs.has(layerDigest)) return awsFault('LayerAlreadyExistsException', 'it is there');
  if (!layerDigests.includes(layerDigest)) return awsFault('InvalidLayerException', 'it has another digest');
  uploads.delete(uploadId);
  repository.blobs.set(layerDigest, { size: upload.sizeBytes });
  return { status: 200, body: { uploadId, repositoryName, layerDigest } };
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
function isSigned({ settings }: EcrState, { headers, url, method }: IncomingMessage, body: string): boolean {
  const sent = /SignedHeaders=(?<names>[^,]+)/.exec(headers.authorization ?? '')?.groups?.['names']?.split(';') ?? [];
  const time = String(headers['x-amz-date']).replace(/^(....)(..)(..T..)(..)(..)Z$/, '$1-$2-$3:$4:$5Z');
  const known = sent.filter((name) => !['host', 'x-amz-date', 'x-amz-security-token'].includes(name));
  const { accessKeyId, secretAccessKey } = settings;
  const token = headers['x-amz-security-token'];
  const expected = signedHeaders(
    {
      method: method ?? '',
      url: new URL(url ?? '/', `http://${headers.host}`),
      headers: Object.fromEntries(known.map((name) => [name, String(headers[name])])),
      body,
    },
    {
      keys: {
        accessKeyId,
        secretAccessKey: new Secret(secretAccessKey),
        ...(typeof token === 'string' ? { sessionToken: new Secret(token) } : {}),
      },
      region: 'eu-west-1',
      service: 'ecr',
      at: new Date(time),
    },
  );
  return expected['authorization'] === headers.authorization;
}
