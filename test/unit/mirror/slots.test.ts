// How much is under way at once.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSlots } from '../../../shared/mirror/slots.ts';

test('never runs more weight than there is, starts in order, and runs everything', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.integer({ min: 1, max: 10 })),
      async (capacity, weights) => {
        const slots = createSlots(capacity);
        const started: number[] = [];
        let used = 0;
        const results = await Promise.all(
          weights.map((weight, position) =>
            slots.run(weight, async () => {
              started.push(position);
              used += Math.min(weight, capacity);
              expect(used).toBeLessThanOrEqual(capacity);
              // Different works end after different numbers of turns.
              for (let turn = 0; turn < weight; turn += 1) await Promise.resolve();
              used -= Math.min(weight, capacity);
              return position;
            }),
          ),
        );
        expect(results).toEqual(weights.map((_weight, position) => position));
        expect(started).toEqual(results);
      },
    ),
  );
});

test('gives the place back when the work fails, at once or later', async () => {
  const slots = createSlots(1);
  await expect(slots.run(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(
    slots.run(1, () => {
      throw new Error('at once');
    }),
  ).rejects.toThrow('at once');
  await expect(slots.run(1, () => Promise.resolve('yes'))).resolves.toBe('yes');
});

test('does not let small work overtake a large one for ever', async () => {
  const slots = createSlots(2);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const all = Promise.all([
    slots.run(1, () => gate.promise),
    slots.run(2, async () => void order.push('large')),
    slots.run(1, async () => void order.push('small')),
  ]);
  await Promise.resolve();
  expect(order).toEqual([]);
  gate.resolve();
  await all;
  expect(order).toEqual(['large', 'small']);
});
