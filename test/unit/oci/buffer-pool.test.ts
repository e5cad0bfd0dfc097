// Memory that is used again: never while somebody holds a part of it.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBufferPool } from '../../../shared/oci/http/buffer-pool.ts';

test('a buffer comes back only when all have released it', () => {
  const pool = createBufferPool();
  const first = pool.take();
  const part = first.subarray(10, 20);
  pool.hold(part);
  pool.release(first);
  expect(pool.take().buffer).not.toBe(first.buffer);
  pool.release(part);
  const again = pool.take();
  expect(again.buffer).toBe(first.buffer);
  expect(again.byteLength).toBe(first.byteLength);
});

test('parts of other memory are left alone', () => {
  const pool = createBufferPool();
  const foreign = new Uint8Array(8);
  pool.hold(foreign);
  pool.release(foreign);
  pool.release(foreign);
  expect(pool.take().buffer).not.toBe(foreign.buffer);
});

test('what is held is never given to another, in any order of holding and releasing', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 200 }), (steps) => {
      const pool = createBufferPool();
      const held: Uint8Array[] = [];
      let given = 0;
      for (const step of steps) {
        const some = held[step % Math.max(1, held.length)];
        if (some === undefined || step % 3 === 0) {
          const taken = pool.take();
          if (held.some(({ buffer }) => buffer === taken.buffer)) given += 1;
          held.push(taken);
        } else if (step % 3 === 1) {
          pool.hold(some);
          held.push(some);
        } else {
          pool.release(some);
          held.splice(held.indexOf(some), 1);
        }
      }
      expect(given).toBe(0);
    }),
  );
});
