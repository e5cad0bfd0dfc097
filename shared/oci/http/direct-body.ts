// The body of an answer that is read without an HTTP client in between: so many bytes, part by part as they lie in their buffers.
import { Readable } from 'node:stream';
import type { BufferPool } from './buffer-pool.ts';
import { cut } from './socket-reader.ts';
import type { SocketReader } from './socket-reader.ts';
import type { HttpResponse } from './http-exchange.ts';
import { within } from './within.ts';

/**
 * Each part is held once for whoever takes it.
 * @param rest the bytes that came together with the head
 * @param onEnd hears, once, whether all bytes were taken and nothing beyond them came
 */
export function directBody(
  connection: SocketReader,
  sizeBytes: number,
  rest: Uint8Array,
  buffers: BufferPool,
  stallMs: number,
  onEnd: (whole: boolean) => void,
): HttpResponse['body'] {
  let left = sizeBytes;
  let first = rest.byteLength > 0 ? rest : undefined;
  let isOver = false;
  const end = (whole: boolean): void => {
    if (!isOver) onEnd(whole);
    isOver = true;
  };
  // In object mode no parts are ever joined, which would copy them.
  const body = new Readable({
    objectMode: true,
    highWaterMark: 1,
    read: () => void pull(),
    destroy(error, callback) {
      end(false);
      callback(error);
    },
  });

  async function pull(): Promise<void> {
    try {
      const part = await nextPart();
      if (part !== undefined) body.push(part);
      if (left > 0) return;
      end(true);
      body.push(null);
    } catch (error) {
      body.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async function nextPart(): Promise<Uint8Array | undefined> {
    if (left === 0) {
      if (first !== undefined) end(false);
      return undefined;
    }
    const part = first ?? (await within(stallMs, 'UND_ERR_BODY_TIMEOUT', connection, connection.read()));
    first = undefined;
    if (part === undefined) throw cut();
    if (part.byteLength > left) end(false);
    const own = part.byteLength > left ? part.subarray(0, left) : part;
    left -= own.byteLength;
    return own;
  }

  return Object.assign(body, {
    async dump({ limit = 64 * 1024 } = {}) {
      if (left > limit) {
        body.on('error', () => undefined).destroy();
        return;
      }
      try {
        for await (const part of body as AsyncIterable<Uint8Array>) buffers.release(part);
      } catch {
        // Nobody wanted it.
      }
    },
  });
}
