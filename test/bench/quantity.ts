// How the bench writes quantities: three figures at most, because no run repeats more of them.

export function seconds(ms: number): string {
  return `${bareSeconds(ms)} s`;
}

/** Without the unit, for ranges. */
export function bareSeconds(ms: number): string {
  if (ms < 100) return (ms / 1000).toFixed(3);
  return (ms / 1000).toFixed(ms < 10_000 ? 2 : 1);
}

export function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`;
}

/** Tenths where they matter. */
export function fineMilliseconds(ms: number): string {
  return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** Megabytes of a million bytes, as the limits of this project are meant. */
export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** `2.3 times as much`, `12 % more`, `3 % less`, `as much`. */
export function comparedTo(value: number, reference: number): string {
  if (value >= 2 * reference) return `${(value / reference).toFixed(1)} times as much`;
  const percent = Math.round((value / reference - 1) * 100);
  if (percent === 0) return 'as much';
  return `${Math.abs(percent)} % ${percent > 0 ? 'more' : 'less'}`;
}
