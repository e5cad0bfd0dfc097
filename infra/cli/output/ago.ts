// Points in time as people compare them with now: `3m ago`, `in 2h`.

const STEPS = [
  [60_000, 1000, 's'],
  [3_600_000, 60_000, 'm'],
  [86_400_000, 3_600_000, 'h'],
  [Number.POSITIVE_INFINITY, 86_400_000, 'd'],
] as const;

/** @param time RFC 3339; anything else is shown as it is */
export function ago(time: string, nowMs: number): string {
  const timeMs = Date.parse(time);
  if (Number.isNaN(timeMs)) return time;
  const distanceMs = Math.abs(nowMs - timeMs);
  const [, unitMs, unit] = STEPS.find(([below]) => distanceMs < below) ?? STEPS[3];
  const isAhead = timeMs > nowMs;
  const units = isAhead ? Math.ceil(distanceMs / unitMs) : Math.floor(distanceMs / unitMs);
  return isAhead ? `in ${units}${unit}` : `${units}${unit} ago`;
}
