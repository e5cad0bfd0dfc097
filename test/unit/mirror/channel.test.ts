// The bounded queue between one reader and one upload.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createChannel, type Channel } from '../../../shared/mirror/channel.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

async function read(channel: Channel): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of channel.stream) all.push(...chunk);
  return all;
}

test('gives all bytes in order, for any chunks and any bound', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 })),
      fc.integer({ min: 1, max: 64 }),
      async (chunks, capacity) => {
        const channel = createChannel(capacity);
        const reading = read(channel);
        let queued = 0;
        for (const chunk of chunks) {
          await channel.room();
          channel.push(chunk);
          queued += chunk.length;
        }
        channel.end();
        const all = await reading;
        expect(all).toEqual(chunks.flatMap((chunk) => [...chunk]));
        expect(all).toHaveLength(queued);
      },
    ),
  );
});

describe('the bound', () => {
  test('is reached by bytes and left when a chunk is taken', async () => {
    const channel = createChannel(4);
    channel.push(bytes(1, 2, 3));
    expect(channel.isFull()).toBe(false);
    channel.push(bytes(4));
    expect(channel.isFull()).toBe(true);
    let room = false;
    const waiting = channel.room().then(() => (room = true));
    await new Promise(setImmediate);
    expect(room).toBe(false);
    await channel.stream[Symbol.asyncIterator]().next();
    await waiting;
    expect(channel.isFull()).toBe(false);
  });

  test('is waited for by several at once', async () => {
    const channel = createChannel(1);
    channel.push(bytes(1));
    const waiting = Promise.all([channel.room(), channel.room()]);
    await channel.stream[Symbol.asyncIterator]().next();
    await expect(waiting).resolves.toHaveLength(2);
  });
});

describe('the end', () => {
  test('comes after what was queued', async () => {
    const channel = createChannel(10);
    channel.push(bytes(1));
    channel.end();
    expect(await read(channel)).toEqual([1]);
    expect(channel.isClosed()).toBe(true);
  });

  test('reaches a consumer that waits already', async () => {
    const channel = createChannel(10);
    const reading = read(channel);
    await new Promise(setImmediate);
    channel.end();
    expect(await reading).toEqual([]);
  });

  test('by failure drops what was queued, and the first failure counts', async () => {
    const channel = createChannel(1);
    channel.push(bytes(1));
    const room = channel.room();
    channel.fail(new Error('first'));
    channel.fail(new Error('second'));
    await room;
    expect(channel.isClosed()).toBe(true);
    await expect(read(channel)).rejects.toThrow('first');
  });

  test('by failure reaches a consumer that waits already', async () => {
    const channel = createChannel(1);
    const reading = read(channel);
    await new Promise(setImmediate);
    channel.fail(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
  });

  test('by a consumer that stops lets the producer go on', async () => {
    const channel = createChannel(1);
    channel.push(bytes(1));
    channel.push(bytes(2));
    const room = channel.room();
    const reader = channel.stream[Symbol.asyncIterator]();
    await reader.next();
    await reader.return?.(undefined);
    await room;
    expect(channel.isClosed()).toBe(true);
  });
});
