// One part of a layer as the AWS API takes it: JSON with the bytes in base64. The SDK would hold that text three times over, seventy
// megabytes for ten; here it is made twice, in small pieces, for the signature and for the socket.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { UploadLayerPartCommand } from '@aws-sdk/client-ecr';

type Place = {
  registryId?: string;
  repositoryName: string;
  uploadId: string;
  partFirstByte: number;
  partLastByte: number;
};

/** A multiple of three, so that base64 pads the last piece only. */
const PIECE_BYTES = 48 * 1024;

/** @returns the command for one try, and what stops reading the part, whatever became of it */
export function layerPartCommand(
  Command: typeof UploadLayerPartCommand,
  place: Place,
  part: Uint8Array,
): { command: UploadLayerPartCommand; end: () => void } {
  const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  const before = Buffer.from(`${JSON.stringify(place).slice(0, -1)},"layerPartBlob":"`);
  const behind = Buffer.from('"}');
  const content = Readable.from(pieces(before, bytes, behind), { objectMode: false });
  const command = new Command({ ...place, layerPartBlob: undefined });
  command.middlewareStack.add(
    (next) => (args) => {
      if (!isRequest(args.request)) return next(args);
      args.request.headers['x-amz-content-sha256'] = digestOf(pieces(before, bytes, behind));
      args.request.headers['content-length'] = String(before.length + encodedBytes(bytes) + behind.length);
      return next(args);
    },
    { step: 'build', name: 'transshipPartHead', priority: 'low' },
  );
  command.middlewareStack.add(
    (next) => (args) => {
      if (isRequest(args.request)) args.request.body = content;
      return next(args);
    },
    // behind the signature, which is over the digest above
    { step: 'deserialize', name: 'transshipPartBody', priority: 'low' },
  );
  return { command, end: () => void content.destroy() };
}

function* pieces(before: Buffer, bytes: Buffer, behind: Buffer): Generator<Buffer> {
  yield before;
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    yield Buffer.from(bytes.toString('base64', start, Math.min(start + PIECE_BYTES, bytes.length)), 'latin1');
  }
  yield behind;
}

function digestOf(content: Iterable<Buffer>): string {
  const hash = createHash('sha256');
  for (const piece of content) hash.update(piece);
  return hash.digest('hex');
}

function encodedBytes({ length }: Buffer): number {
  return Math.ceil(length / 3) * 4;
}

function isRequest(request: unknown): request is { headers: Record<string, string>; body: unknown } {
  return typeof request === 'object' && request !== null && 'headers' in request && 'body' in request;
}
