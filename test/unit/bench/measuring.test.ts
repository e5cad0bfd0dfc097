// The bench's accounting: statistics, the order of runs, options and the workloads they choose.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { alternate } from '../../bench/alternate.ts';
import { parseOptions } from '../../bench/options.ts';
import { bareSeconds, comparedTo, megabytes, seconds } from '../../bench/quantity.ts';
import { overlap, spread } from '../../bench/statistics.ts';
import { chooseWorkloads } from '../../bench/workloads.ts';

it.each([
  [[3], 3],
  [[3, 1], 2],
  [[10, 9, 2], 9],
  [[4, 1, 3, 2], 2.5],
])('takes the middle of %j', (values, median) => {
  expect(spread(values).median).toBe(median);
});

it('has as many values below the median as above it, whatever their order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { median, low, high } = spread(values);
      expect(values.filter((value) => value < median).length).toBeLessThanOrEqual(values.length / 2);
      expect(values.filter((value) => value > median).length).toBeLessThanOrEqual(values.length / 2);
      expect([low, high]).toEqual([Math.min(...values), Math.max(...values)]);
    }),
  );
});

it('has no median of nothing', () => {
  expect(() => spread([])).toThrow(RangeError);
});

it('calls two spreads overlapping when a run of one lies within the other', () => {
  expect(overlap(spread([1, 2, 3]), spread([3, 4]))).toBe(true);
  expect(overlap(spread([3, 4]), spread([1, 2]))).toBe(false);
});

it('begins each round with the next one and keeps results by item', async () => {
  const order: string[] = [];
  const results = await alternate(['a', 'b', 'c'], 4, (item, round) => {
    order.push(item);
    return Promise.resolve(`${item}${round}`);
  });
  expect(order.join('')).toBe('abcbcacababc');
  expect(results).toEqual([
    ['a0', 'a1', 'a2', 'a3'],
    ['b0', 'b1', 'b2', 'b3'],
    ['c0', 'c1', 'c2', 'c3'],
  ]);
});

it.each([
  [24.4, '0.024 s'],
  [985, '0.98 s'],
  [3456, '3.46 s'],
  [31_234, '31.2 s'],
])('writes %d ms as %s', (ms, text) => {
  expect(seconds(ms)).toBe(text);
  expect(bareSeconds(ms)).toBe(text.replace(' s', ''));
});

it('counts megabytes by the million', () => {
  expect(megabytes(200_000_000)).toBe('200 MB');
});

it.each([
  [100, 'as much'],
  [112, '12 % more'],
  [97, '3 % less'],
  [880, '8.8 times as much'],
])('says that %d beside 100 is %s', (value, text) => {
  expect(comparedTo(value, 100)).toBe(text);
});

it('runs everything but the large workload five times unless told otherwise', () => {
  const options = parseOptions([]);
  expect(options).toEqual({ runs: 5, only: [], isLarge: false, outDir: undefined });
  expect(names(chooseWorkloads({ only: [], isLarge: false }))).toEqual(['big', 'small', 'multi-arch', 'unchanged']);
  expect(names(chooseWorkloads({ only: [], isLarge: true }))).toContain('large');
});

it('runs what it is told to', () => {
  const options = parseOptions(['--runs', '1', '--only', 'small', '--only', 'large', '--out', 'docs']);
  expect(options).toEqual({ runs: 1, only: ['small', 'large'], isLarge: false, outDir: 'docs' });
  expect(names(chooseWorkloads({ only: ['small', 'large'], isLarge: false }))).toEqual(['small', 'large']);
  expect(chooseWorkloads({ only: ['start-up'], isLarge: false })).toEqual([]);
  expect(parseOptions(['--help'])).toBe('help');
});

it.each([
  [['--runs', '0'], '--runs wants a number'],
  [['--runs', 'many'], '--runs wants a number'],
  [['--only', 'huge'], '--only knows big, small'],
  [['--fast'], "Unknown option '--fast'"],
])('refuses %j', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});

function names(workloads: readonly { name: string }[]): string[] {
  return workloads.map(({ name }) => name);
}
