// What several runs say together: the middle one, and how far they lie apart.

export type Spread = { median: number; low: number; high: number };

/** @throws RangeError if there is no value */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted.at(0), sorted.at(-1)];
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (low === undefined || high === undefined || upper === undefined || lower === undefined) {
    throw new RangeError('a median needs at least one value');
  }
  return { median: (lower + upper) / 2, low, high };
}

/** Whether two sets of runs lie so close that the faster one may have been lucky. */
export function overlap(a: Spread, b: Spread): boolean {
  return a.low <= b.high && b.low <= a.high;
}
