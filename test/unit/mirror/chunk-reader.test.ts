// Streams cut into whole chunks, in memory that is bounded.
import { array, assert, asyncProperty, integer, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChunkBuffers } from '../../../shared/mirror/chunk-buffers.ts';
import { openChunkReader } from '../../../shared/mirror/chunk-reader.ts';

const hash = { update: () => undefined, save: () => new Uint8Array(1), digest: () => '' };

async function* pieces(list: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of list) yield piece;
}

describe('the chunk reader', () => {
  it('gives every byte once, in chunks of the size that was asked for', async () => {
    const list = array(uint8Array({ minLength: 1, maxLength: 20 }));
    await assert(
      asyncProperty(list, integer({ min: 1, max: 9 }), async (parts, sizeBytes) => {
        const buffers = createChunkBuffers(2 * sizeBytes);
        const reader = openChunkReader({ stream: pieces(parts), hash, offset: 5 }, buffers);
        const read: Buffer[] = [];
        let offset = 5;
        for (let chunk = await reader.read(sizeBytes); chunk !== undefined; chunk = await reader.read(sizeBytes)) {
          expect(chunk.offset).toBe(offset);
          offset += chunk.bytes.length;
          read.push(Buffer.from(chunk.bytes));
          chunk.release();
        }
        expect(Buffer.concat(read)).toEqual(Buffer.concat(parts));
        for (const chunk of read.slice(0, -1)) expect(chunk).toHaveLength(sizeBytes);
      }),
    );
  });

  it('gives its memory back when the stream fails, and when it is closed', async () => {
    const buffers = createChunkBuffers(8);
    const failing = openChunkReader({ stream: broken(), hash, offset: 0 }, buffers);
    await expect(failing.read(8)).rejects.toThrow('broken');
    const closed = openChunkReader({ stream: pieces([new Uint8Array(8)]), hash, offset: 0 }, buffers);
    void closed.read(8);
    await closed.close();
    (await buffers.take(8)).release();
  });
});

async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
  yield new Uint8Array(2);
  throw new Error('broken');
}

describe('chunk buffers', () => {
  it('make takers wait for room, in their order', async () => {
    const buffers = createChunkBuffers(16);
    const first = await buffers.take(8);
    const second = await buffers.take(8);
    const order: string[] = [];
    const third = buffers.take(12).then((taken) => (order.push('third'), taken));
    const fourth = buffers.take(4).then((taken) => (order.push('fourth'), taken));
    first.release();
    first.release();
    await Promise.resolve();
    expect(order).toEqual([]);
    second.release();
    await Promise.all([third, fourth]);
    expect(order).toEqual(['third', 'fourth']);
  });

  it('let one that gives up go, and those behind it on', async () => {
    const buffers = createChunkBuffers(8);
    const held = await buffers.take(6);
    const stop = new AbortController();
    const large = buffers.take(8, stop.signal);
    const small = buffers.take(2);
    stop.abort();
    await expect(large).rejects.toMatchObject({ code: 'interrupted' });
    (await small).release();
    held.release();
    await expect(buffers.take(1, stop.signal)).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('give what is larger than all of them all of them', async () => {
    const buffers = createChunkBuffers(8);
    const large = await buffers.take(100);
    expect(large.bytes).toHaveLength(100);
    let isTaken = false;
    const next = buffers.take(1).then((taken) => ((isTaken = true), taken));
    await Promise.resolve();
    expect(isTaken).toBe(false);
    large.release('dirty');
    (await next).release();
  });
});
