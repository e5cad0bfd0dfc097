// One read of a blob feeds several uploads. The last piece is held back until digest and size are right, so that no upload
// can be committed with wrong content; an upload that holds the others back is detached and finishes on its own later.
import { createHash } from 'node:crypto';
import { TransshipError } from '../errors.ts';
import { parseDigest } from '../oci/digest.ts';
import type { BufferPool } from '../oci/http/buffer-pool.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Channel } from './channel.ts';

export type TeeClock = {
  now: () => number;
  stallMs: number;
  /** An upload that the others waited for, for this long and for more than half of the time, is detached. */
  patienceMs: number;
  /** Where the source's chunks may come from: each is held once for the tee. */
  buffers?: BufferPool;
};

/**
 * Reads the source to its end and hands every chunk to every open channel. Returns early if nobody reads any more.
 * @throws TransshipError digest-mismatch, size-mismatch, and what the source threw; all channels fail with the same error
 */
export async function tee(
  source: AsyncIterable<Uint8Array>,
  descriptor: Descriptor,
  channels: readonly Channel[],
  clock: TeeClock,
): Promise<void> {
  const { algorithm, hex } = parseDigest(descriptor.digest);
  const hash = createHash(algorithm);
  const deliver = delivery(channels, clock);
  let sizeBytes = 0;
  let held: Uint8Array | undefined;
  try {
    for await (const chunk of source) {
      sizeBytes += chunk.byteLength;
      // An empty piece held back would hold back nothing.
      if (chunk.byteLength === 0) continue;
      if (sizeBytes > descriptor.size) break;
      hash.update(chunk);
      const delivered = held === undefined || deliver(held);
      // Most chunks find room at once: no promise for them.
      if (held !== undefined) clock.buffers?.release(held);
      if (!(typeof delivered === 'boolean' ? delivered : await delivered)) return;
      held = chunk;
    }
    check(descriptor, sizeBytes, hash.digest('hex') === hex);
  } catch (error) {
    for (const channel of channels) channel.fail(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  if (held !== undefined) {
    for (const channel of channels) channel.push(held);
    clock.buffers?.release(held);
  }
  for (const channel of channels) channel.end();
}

/** Pushes to all that still read; false once there are none. */
function delivery(channels: readonly Channel[], clock: TeeClock): (chunk: Uint8Array) => boolean | Promise<boolean> {
  const startedAt = clock.now();
  const heldBackMs = new Map<Channel, number>();

  return (chunk) => {
    let full = false;
    let open = false;
    for (const channel of channels) {
      if (channel.isClosed()) continue;
      open = true;
      channel.push(chunk);
      full ||= channel.isFull();
    }
    return full ? makeRoom().then(() => open) : open;
  };

  async function makeRoom(): Promise<void> {
    const since = clock.now();
    for (;;) {
      const reading = channels.filter((channel) => !channel.isClosed());
      const full = reading.filter((channel) => channel.isFull());
      if (full.length === 0) return;
      const others = full.length < reading.length;
      const from = clock.now();
      await roomOrTime(full, others ? clock.patienceMs / 5 : clock.stallMs);
      const now = clock.now();
      if (!others && now - since >= clock.stallMs) for (const channel of full) channel.fail(stalled());
      if (others) for (const channel of full) blame(channel, now - from, now);
    }
  }

  function blame(channel: Channel, waitedMs: number, now: number): void {
    const total = (heldBackMs.get(channel) ?? 0) + waitedMs;
    heldBackMs.set(channel, total);
    if (total >= clock.patienceMs && total * 2 >= now - startedAt) channel.fail(detached());
  }
}

async function roomOrTime(channels: readonly Channel[], timeMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeMs);
  await Promise.race([promise, ...channels.map((channel) => channel.room())]);
  clearTimeout(timer);
}

function check(descriptor: Descriptor, sizeBytes: number, sameDigest: boolean): void {
  if (sizeBytes === descriptor.size && sameDigest) return;
  const [code, what] =
    sizeBytes === descriptor.size
      ? (['digest-mismatch', 'another content than its digest says'] as const)
      : (['size-mismatch', `${sizeBytes} bytes instead of ${descriptor.size}`] as const);
  throw new TransshipError(code, `blob ${descriptor.digest} from the source has ${what}`, {
    hint: 'the source holds a damaged blob, or something on the way changes it; nothing was committed. Push the image again',
    details: { digest: descriptor.digest },
  });
}

function detached(): TransshipError {
  return new TransshipError('timeout', 'the target was slower than the others and goes on by itself', {
    retryable: true,
  });
}

function stalled(): TransshipError {
  return new TransshipError('timeout', 'the target stopped taking bytes', {
    retryable: true,
    hint: 'the target registry or the network to it is stuck',
  });
}
