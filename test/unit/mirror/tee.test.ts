// One read that feeds several uploads: equal bytes for all, nothing complete that is wrong, and nobody who holds the others back.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import { createChannel, type Channel } from '../../../shared/mirror/channel.ts';
import { tee } from '../../../shared/mirror/tee.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';

const DIGEST = 'another content than its digest says';
const clock = { now: () => Date.now(), stallMs: 60_000, patienceMs: 5_000 };

function describeBytes(bytes: Uint8Array, algorithm = 'sha256'): Descriptor {
  const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  return { mediaType: 'application/octet-stream', digest, size: bytes.length };
}

async function* stream(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** Takes everything; what it got so far stays readable when it throws. */
function consume(channel: Channel, pace: () => Promise<unknown> = () => Promise.resolve()) {
  const got: number[] = [];
  const ended = (async () => {
    for await (const chunk of channel.stream) {
      got.push(...chunk);
      await pace();
    }
  })();
  ended.catch(() => undefined);
  return { got, ended };
}

test('gives every target the same bytes in order, for any chunks, bounds and paces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 20 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 3 })), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.constantFrom('sha256', 'sha512'),
      async (chunks, targets, algorithm) => {
        const whole = Buffer.concat(chunks);
        const channels = targets.map(([capacity]) => createChannel(capacity));
        const readers = channels.map((channel, position) =>
          consume(channel, async () => {
            for (let turn = targets[position]?.[1] ?? 0; turn > 0; turn -= 1) await new Promise(setImmediate);
          }),
        );
        await tee(stream(chunks), describeBytes(whole, algorithm), channels, clock);
        await Promise.all(readers.map(({ ended }) => ended));
        for (const { got } of readers) expect(got).toEqual([...whole]);
      },
    ),
    { numRuns: 50 },
  );
});

describe('content that is not what its digest says', () => {
  const chunks = [Buffer.from('first '), Buffer.from('second '), Buffer.from('last')];
  const right = describeBytes(Buffer.concat(chunks));

  test.each([
    ['another content', 'digest-mismatch', [...chunks.slice(0, 2), Buffer.from('LAST')]],
    ['too short', 'size-mismatch', chunks.slice(0, 2)],
    ['too long', 'size-mismatch', [...chunks, Buffer.from('!')]],
    ['empty', 'size-mismatch', []],
  ])('reaches no target whole: %s', async (_why, code, sent) => {
    const channels = [createChannel(1000), createChannel(1000)];
    const readers = channels.map((channel) => consume(channel));
    await expect(tee(stream(sent), right, channels, clock)).rejects.toMatchObject({ code });
    for (const { got, ended } of readers) {
      await expect(ended).rejects.toMatchObject({ code });
      expect(got.length).toBeLessThan(Math.max(1, Buffer.concat(sent).length));
    }
  });

  test('is not shown complete for any way to change a byte', async () => {
    const content = fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 50 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
    );
    await fc.assert(
      fc.asyncProperty(content, fc.integer({ min: 1, max: 10 }), async ([bytes, place, change], step) => {
        const changed = Uint8Array.from(bytes);
        const at = place % bytes.length;
        changed[at] = (changed[at] ?? 0) ^ change;
        const pieces: Uint8Array[] = [];
        for (let start = 0; start < changed.length; start += step) pieces.push(changed.subarray(start, start + step));
        const channel = createChannel(1000);
        const reader = consume(channel);
        await expect(tee(stream(pieces), describeBytes(bytes), [channel], clock)).rejects.toThrow(DIGEST);
        await expect(reader.ended).rejects.toThrow(DIGEST);
        expect(reader.got.length).toBeLessThan(bytes.length);
      }),
      { numRuns: 50 },
    );
  });
});

test('an error of the source reaches every target', async () => {
  const broken = (async function* () {
    yield Buffer.from('a');
    yield Buffer.from('b');
    throw new TransshipError('connection-failed', 'the source went away');
  })();
  const channels = [createChannel(100), createChannel(100)];
  const readers = channels.map((channel) => consume(channel));
  await expect(tee(broken, describeBytes(Buffer.from('abc')), channels, clock)).rejects.toThrow('the source went away');
  for (const { ended } of readers) await expect(ended).rejects.toThrow('the source went away');
});

describe('targets that do not keep up', () => {
  const piece = Buffer.alloc(10, 'x');
  const whole = describeBytes(Buffer.alloc(100 * 10, 'x'));

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function endless() {
    const given = { chunks: 0, closed: false };
    const source = (async function* () {
      try {
        for (; given.chunks < 100; given.chunks += 1) yield piece;
      } finally {
        given.closed = true;
      }
    })();
    return { given, source };
  }

  test('the source waits for a slow one as long as it is patient, then goes on with the others', async () => {
    const { given, source } = endless();
    const [fast, stuck] = [createChannel(50), createChannel(50)];
    const reader = consume(fast);
    const done = tee(source, whole, [fast, stuck], clock);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(given.chunks).toBeLessThan(100);
    expect(stuck.isClosed()).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    await done;
    await reader.ended;
    expect(reader.got).toHaveLength(1000);
    await expect(consume(stuck).ended).rejects.toMatchObject({ code: 'timeout', retryable: true });
  });

  test('one that holds the others back only now and then is kept', async () => {
    const { source } = endless();
    const [fast, slower] = [createChannel(50), createChannel(50)];
    const readers = [consume(fast), consume(slower, () => new Promise((resolve) => setTimeout(resolve, 20)))];
    const done = tee(source, whole, [fast, slower], clock);
    await vi.advanceTimersByTimeAsync(3_000);
    await done;
    await Promise.all(readers.map(({ ended }) => ended));
    for (const { got } of readers) expect(got).toHaveLength(1000);
  });

  test('a single one has until the stall limit', async () => {
    const { source, given } = endless();
    const stuck = createChannel(50);
    const done = tee(source, whole, [stuck], { ...clock, stallMs: 30_000 });
    await vi.advanceTimersByTimeAsync(29_000);
    expect(stuck.isClosed()).toBe(false);
    await vi.advanceTimersByTimeAsync(2_000);
    await done;
    expect(given.closed).toBe(true);
    await expect(consume(stuck).ended).rejects.toMatchObject({ code: 'timeout' });
  });

  test('where all are gone the source is given up', async () => {
    const { source, given } = endless();
    const channels = [createChannel(50), createChannel(50)];
    for (const channel of channels) channel.fail(new Error('gone'));
    await tee(source, whole, channels, clock);
    expect(given).toMatchObject({ closed: true });
    expect(given.chunks).toBeLessThan(5);
  });

  test('one that fails on the way does not disturb the other', async () => {
    const { source } = endless();
    const [good, bad] = [createChannel(50), createChannel(50)];
    const reader = consume(good);
    let taken = 0;
    const failing = consume(bad, async () => {
      taken += 1;
      if (taken === 3) throw new Error('the upload failed');
    });
    await tee(source, whole, [good, bad], clock);
    await reader.ended;
    expect(reader.got).toHaveLength(1000);
    await expect(failing.ended).rejects.toThrow('the upload failed');
  });
});

test('an empty piece at the end holds nothing back in place of the last bytes', async () => {
  const wrong = [Buffer.from('first '), Buffer.from('LAST'), new Uint8Array()];
  const channel = createChannel(100);
  const { got, ended } = consume(channel);
  await expect(tee(stream(wrong), describeBytes(Buffer.from('first last')), [channel], clock)).rejects.toThrow(DIGEST);
  await expect(ended).rejects.toThrow(DIGEST);
  expect(Buffer.from(got).toString()).toBe('first ');
});

test('what begins right and goes on too long reaches no target whole', async () => {
  const channel = createChannel(100);
  const { got, ended } = consume(channel);
  const sent = [Buffer.from('first '), Buffer.from('last'), Buffer.from('!'), Buffer.from('?')];
  await expect(tee(stream(sent), describeBytes(Buffer.from('first last')), [channel], clock)).rejects.toMatchObject({
    code: 'size-mismatch',
  });
  await expect(ended).rejects.toMatchObject({ code: 'size-mismatch' });
  expect(Buffer.from(got).toString()).toBe('first ');
});
