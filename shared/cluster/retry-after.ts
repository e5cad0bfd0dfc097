// How long an API server asks to wait, and how long is waited in the end.

/** Who asks for more is asked again after an hour. */
const LONGEST_MS = 3_600_000;

/** API servers write whole seconds; a proxy may write a date. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, LONGEST_MS);
  const time = text.endsWith(' GMT') ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : Math.min(Math.max(0, time - now.getTime()), LONGEST_MS);
}

export type RetryPolicy = {
  /** How often a request is sent at most. */
  tries: number;
  firstDelayMs: number;
  longestDelayMs: number;
  /** A Retry-After beyond this ends the operation. */
  longestRetryAfterMs: number;
};

export const RETRIES: RetryPolicy = {
  tries: 5,
  firstDelayMs: 250,
  longestDelayMs: 10_000,
  longestRetryAfterMs: 60_000,
};

/**
 * Full jitter under a doubling ceiling, with what the server asked for as floor.
 * @param tried how often it was tried already, 1 or more
 */
export function backoffMs(
  { firstDelayMs, longestDelayMs }: Pick<RetryPolicy, 'firstDelayMs' | 'longestDelayMs'>,
  tried: number,
  floorMs: number,
  random: () => number,
): number {
  const ceiling = Math.min(longestDelayMs, firstDelayMs * 2 ** (tried - 1));
  return Math.max(floorMs, Math.round(random() * ceiling));
}
