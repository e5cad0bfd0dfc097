// Answers that are remembered for some seconds.
import { expect, it } from 'vitest';
import { shortMemory } from '../../../functions/registry-token/short-memory.ts';

function bed(most?: number) {
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const memory = shortMemory<number>({ keepMs: 1000, nowMs: () => clock.nowMs, ...(most !== undefined && { most }) });
  const ask = (key: string) => memory(key, () => Promise.resolve(asked.push(key)));
  return { asked, clock, memory, ask };
}

it('asks once within the time, and again behind it', async () => {
  const { ask, clock } = bed();
  expect(await ask('a')).toBe(1);
  clock.nowMs = 999;
  expect(await ask('a')).toBe(1);
  expect(await ask('b')).toBe(2);
  clock.nowMs = 1000;
  expect(await ask('a')).toBe(3);
});

it('counts the time from the question, not from the answer', async () => {
  const { memory, clock } = bed();
  const slow = Promise.withResolvers<number>();
  const first = memory('a', () => slow.promise);
  clock.nowMs = 900;
  slow.resolve(1);
  expect(await first).toBe(1);
  clock.nowMs = 1000;
  expect(await memory('a', () => Promise.resolve(2))).toBe(2);
});

it('asks once for all who come while the answer is on its way', async () => {
  const { memory } = bed();
  const slow = Promise.withResolvers<number>();
  const all = [memory('a', () => slow.promise), memory('a', () => Promise.resolve(2))];
  slow.resolve(1);
  expect(await Promise.all(all)).toEqual([1, 1]);
});

it('remembers no failure', async () => {
  const { memory, ask } = bed();
  await expect(memory('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await ask('a')).toBe(1);
});

it('lets a failure that comes late forget nothing newer', async () => {
  const { memory, ask, clock } = bed();
  const slow = Promise.withResolvers<number>();
  const first = memory('a', () => slow.promise);
  clock.nowMs = 1000;
  expect(await ask('a')).toBe(1);
  slow.reject(new Error('down'));
  await expect(first).rejects.toThrow('down');
  expect(await ask('a')).toBe(1);
});

it('forgets the oldest where there are too many', async () => {
  const { ask, asked } = bed(2);
  for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await ask(key);
  expect(asked).toEqual(['a', 'b', 'c', 'a']);
});

it('asks again where the clock was set back, which would make hours of a second', async () => {
  const { ask, clock } = bed();
  clock.nowMs = 3_600_000;
  expect(await ask('a')).toBe(1);
  clock.nowMs = 0;
  expect(await ask('a')).toBe(2);
  clock.nowMs = 999;
  expect(await ask('a')).toBe(2);
});
