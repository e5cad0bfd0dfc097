// Breaks a body off, holds it at an exact byte, or slows it down; used for request and response bodies alike.
import { setTimeout as delay } from 'node:timers/promises';
import type { BodyFault, Corruption } from './faults.ts';
import type { StreamBody } from './reply.ts';

/** Passes chunks on, splitting the one at the fault; a cut ends with a throw after `cut` ran. */
export async function* withFault(
  chunks: AsyncIterable<Uint8Array>,
  fault: BodyFault,
  stopping: AbortSignal,
  cut: () => void,
): AsyncGenerator<Uint8Array> {
  let left = fault.afterBytes;
  let done = false;
  for await (const chunk of chunks) {
    if (done || chunk.length < left) {
      left -= chunk.length;
      yield chunk;
      continue;
    }
    done = true;
    if (left > 0) yield chunk.subarray(0, left);
    await breakOff(fault, stopping, cut);
    if (left < chunk.length) yield chunk.subarray(left);
  }
  // A body that ends before the fault's byte is hit at its end only if nothing of it was asked for.
  if (!done && fault.afterBytes === 0) await breakOff(fault, stopping, cut);
}

/** Waits for a stall to pass; for a cut, destroys the connection and throws. */
export async function breakOff(fault: BodyFault, stopping: AbortSignal, cut: () => void): Promise<void> {
  if (fault.stallMs !== undefined) {
    await delay(fault.stallMs, undefined, { signal: stopping, ref: false }).catch(() => {});
    return;
  }
  cut();
  throw new Error('the connection was cut on purpose');
}

/** Passes chunks on no faster than the pace allows. */
export async function* paced(
  chunks: AsyncIterable<Uint8Array>,
  bytesPerSecond: number,
  stopping: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const startedAt = performance.now();
  let passedBytes = 0;
  for await (const chunk of chunks) {
    passedBytes += chunk.length;
    const aheadMs = startedAt + (passedBytes * 1000) / bytesPerSecond - performance.now();
    if (aheadMs > 0) await delay(aheadMs, undefined, { signal: stopping, ref: false }).catch(() => {});
    yield chunk;
  }
}

/** Spoils a body; its size follows. */
export function spoil(body: StreamBody, corruption: Corruption): StreamBody {
  const { sizeBytes } = body;
  const middle = Math.floor(sizeBytes / 2);
  switch (corruption) {
    case 'flip-byte':
      return { ...body, chunks: flipByte(body.chunks, middle) };
    case 'truncate':
      return { ...body, sizeBytes: middle, chunks: takeBytes(body.chunks, middle) };
    case 'extra-bytes':
      return { ...body, sizeBytes: sizeBytes + 16, chunks: appendBytes(body.chunks, Buffer.alloc(16)) };
    default:
      return body;
  }
}

async function* flipByte(chunks: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for await (const chunk of chunks) {
    const index = at - offset;
    offset += chunk.length;
    if (index < 0 || index >= chunk.length) {
      yield chunk;
      continue;
    }
    // A copy: the chunk may be the stored content itself.
    const spoiled = Buffer.from(chunk);
    spoiled[index] = (spoiled[index] ?? 0) ^ 0xff;
    yield spoiled;
  }
}

async function* takeBytes(chunks: AsyncIterable<Uint8Array>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let left = sizeBytes;
  for await (const chunk of chunks) {
    if (left <= 0) return;
    yield chunk.subarray(0, left);
    left -= chunk.length;
  }
}

async function* appendBytes(chunks: AsyncIterable<Uint8Array>, extra: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* chunks;
  yield extra;
}
