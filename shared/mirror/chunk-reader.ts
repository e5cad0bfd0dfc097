// Cuts a stream into chunks that are whole in memory before anybody sends them, each with the state of the hash behind it.
// A slow source must never hold an upload open.
import type { BufferPool } from '../oci/http/buffer-pool.ts';
import type { ChunkBuffers } from './chunk-buffers.ts';
import type { ResumableHash } from './resumable-hash.ts';

export type Chunk = {
  /** Of its first byte in the blob. */
  offset: number;
  bytes: Uint8Array;
  /** Of everything up to the end of this chunk. */
  hashState: Uint8Array;
  release: (state?: 'dirty') => void;
};

export type ChunkReader = {
  /** The next bytes, fewer at the end of the stream; undefined behind it. One call at a time. */
  read(sizeBytes: number): Promise<Chunk | undefined>;
  /** Gives the stream up. */
  close(): Promise<void>;
};

type Source = {
  /** Its pieces are released to the pool, if there is one, as soon as they were copied. */
  stream: AsyncGenerator<Uint8Array, void, undefined>;
  pool?: BufferPool;
  hash: ResumableHash;
  /** Where the stream begins. */
  offset: number;
};

export function openChunkReader(source: Source, buffers: ChunkBuffers, signal?: AbortSignal): ChunkReader {
  const { stream, pool, hash } = source;
  let { offset } = source;
  let rest: Uint8Array | undefined;
  let reading: Promise<Chunk | undefined> | undefined;

  async function fill(target: Buffer): Promise<number> {
    let filled = 0;
    while (filled < target.byteLength) {
      const piece = rest ?? (await stream.next()).value;
      rest = undefined;
      if (piece === undefined) break;
      const used = piece.subarray(0, target.byteLength - filled);
      target.set(used, filled);
      hash.update(used);
      filled += used.byteLength;
      if (used.byteLength < piece.byteLength) rest = piece.subarray(used.byteLength);
      else pool?.release(piece);
    }
    return filled;
  }

  async function readChunk(sizeBytes: number): Promise<Chunk | undefined> {
    const buffer = await buffers.take(sizeBytes, signal);
    try {
      const filled = await fill(buffer.bytes);
      const chunk = {
        offset,
        bytes: buffer.bytes.subarray(0, filled),
        hashState: hash.save(),
        release: buffer.release,
      };
      offset += filled;
      if (filled > 0) return chunk;
    } catch (error) {
      buffer.release();
      throw error;
    }
    buffer.release();
    return undefined;
  }

  return {
    read: (sizeBytes) => (reading = readChunk(sizeBytes)),
    async close() {
      const left = await reading?.catch(() => undefined);
      left?.release();
      await stream.return();
    },
  };
}
