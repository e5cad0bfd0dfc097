// Writes a reply to its connection, with back pressure, and with whatever the fault plan does to it.
import type { ServerResponse } from 'node:http';
import { paced, spoil, withFault } from './body-faults.ts';
import type { FaultPlan } from './faults.ts';
import type { Reply, StreamBody } from './reply.ts';

const FALSE_DIGEST = `sha256:${'0'.repeat(64)}`;

/** Sends the reply and gives the number of body bytes written. */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  plan: FaultPlan,
  stopping: AbortSignal,
): Promise<number> {
  const spoiled = reply.status < 300 && plan.corrupt !== undefined;
  const original = streamBody(reply.body);
  const body = spoiled ? spoil(original, plan.corrupt ?? 'flip-byte') : original;
  try {
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
    if (spoiled && plan.corrupt === 'wrong-header-digest') response.setHeader('docker-content-digest', FALSE_DIGEST);
    response.statusCode = reply.status;
    if (reply.status !== 204 && reply.status !== 304) response.setHeader('content-length', body.sizeBytes);
    return await writeBody(response, body, plan, stopping);
  } finally {
    await original.close();
  }
}

async function writeBody(
  response: ServerResponse,
  body: StreamBody,
  { response: fault, pace }: FaultPlan,
  stopping: AbortSignal,
): Promise<number> {
  const silent = response.req.method === 'HEAD' || response.statusCode === 204 || response.statusCode === 304;
  let chunks = silent ? noChunks() : body.chunks;
  if (pace.response !== undefined) chunks = paced(chunks, pace.response, stopping);
  if (fault !== undefined) chunks = withFault(chunks, fault, stopping, () => response.socket?.destroy());
  let written = 0;
  for await (const chunk of chunks) {
    if (response.destroyed) return written;
    await write(response, chunk, fault !== undefined);
    written += chunk.length;
  }
  response.end();
  return written;
}

/** Resolves when more can be written, or with `flush` when the bytes left for the network; never rejects for a connection that is gone. */
function write(response: ServerResponse, chunk: Uint8Array, flush: boolean): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('close', done);
    if (flush) {
      response.write(chunk, done);
      return;
    }
    if (response.write(chunk)) done();
    else response.on('drain', done);
  });
}

function streamBody(body: Reply['body']): StreamBody {
  if (body !== undefined && 'chunks' in body) return body;
  const bytes = body ?? new Uint8Array();
  return { sizeBytes: bytes.length, chunks: oneChunk(bytes), close: async () => {} };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

async function* noChunks(): AsyncGenerator<Uint8Array> {}
