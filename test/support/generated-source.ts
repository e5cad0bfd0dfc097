// A read-only registry with one image whose layer is as large as a test wants and stands nowhere: its bytes are made as they are asked for.
import { createCipheriv, createHash, type BinaryLike } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type GeneratedSource = {
  /** host:port */
  host: string;
  /** Of the image `app:v1`. */
  digest: string;
  layer: { digest: string; size: number };
  /** Bytes of the layer that were sent. */
  readonly sentBytes: number;
  /** Changes what is answered to reads of the layer. */
  behave(how: { ignoresRange?: boolean; etag?: string }): void;
  [Symbol.asyncDispose](): Promise<void>;
};

const BLOCK_BYTES = 1024 * 1024;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

export async function startGeneratedSource(layerBytes: number, seed = 1): Promise<GeneratedSource> {
  const block = pseudoRandom(seed);
  const hash = createHash('sha256');
  for (const piece of bytesFrom(block, 0, layerBytes)) hash.update(piece);
  const layer = { digest: `sha256:${hash.digest('hex')}`, size: layerBytes };
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', seed }));
  const small = Buffer.from(`small layer ${seed}`);
  const described = (bytes: Buffer, mediaType: string) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: described(config, 'application/vnd.oci.image.config.v1+json'),
      layers: [
        described(small, 'application/vnd.oci.image.layer.v1.tar+gzip'),
        { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer },
      ],
    }),
  );
  const documents = new Map([manifest, config, small].map((bytes) => [digestOf(bytes), bytes]));
  let sentBytes = 0;
  let behaviour: { ignoresRange?: boolean; etag?: string } = {};

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (path === '/v2/') return void response.end();
    if (path.endsWith(`/blobs/${layer.digest}`)) return serveLayer(request, response);
    const digest = path.endsWith('/manifests/v1') ? digestOf(manifest) : path.slice(path.lastIndexOf('/') + 1);
    const bytes = documents.get(digest);
    if (bytes === undefined) return void response.writeHead(404).end();
    const type = path.includes('/manifests/') ? MANIFEST : 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length, 'docker-content-digest': digest });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  async function serveLayer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, asked] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const isPartial = asked !== undefined && behaviour.ignoresRange !== true;
    const start = isPartial ? Number(asked) : 0;
    response.writeHead(isPartial ? 206 : 200, {
      'content-length': layer.size - start,
      etag: behaviour.etag ?? `"${layer.digest}"`,
      ...(isPartial ? { 'content-range': `bytes ${start}-${layer.size - 1}/${layer.size}` } : {}),
    });
    if (request.method === 'HEAD') return void response.end();
    for (const piece of bytesFrom(block, start, layer.size)) {
      if (response.destroyed) return;
      sentBytes += piece.length;
      if (!response.write(Buffer.from(piece))) await room(response);
    }
    response.end();
  }

  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  return {
    host: `127.0.0.1:${address.port}`,
    digest: digestOf(manifest),
    layer,
    get sentBytes() {
      return sentBytes;
    },
    behave: (how) => void (behaviour = how),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close').catch(() => undefined);
    },
  };
}

/** Resolves when the response takes more, or nobody wants it any more. */
function room(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });
}

/** Blocks that differ by their number alone, so that none can stand for another. */
function* bytesFrom(block: Buffer, start: number, end: number): Generator<Buffer> {
  for (let offset = start; offset < end;) {
    const within = offset % BLOCK_BYTES;
    block.writeUInt32BE(Math.floor(offset / BLOCK_BYTES), 0);
    const piece = block.subarray(within, Math.min(BLOCK_BYTES, within + end - offset));
    yield piece;
    offset += piece.length;
  }
}

/** Incompressible, and the same for the same seed. */
function pseudoRandom(seed: number): Buffer {
  const key = createHash('sha256').update(`${seed}`).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(BLOCK_BYTES));
}

function digestOf(bytes: BinaryLike): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
