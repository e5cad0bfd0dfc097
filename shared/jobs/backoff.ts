// When a failed job or message is tried again.

/** After so many claims without progress a job is dead. */
export const MAX_ATTEMPTS = 8;

export const FIRST_DELAY_MS = 2000;
export const LONGEST_DELAY_MS = 15 * 60_000;
/** The other side may be wrong about how long it needs. */
const LONGEST_FLOOR_MS = 24 * 3_600_000;

/**
 * Full jitter under a doubling ceiling, with the other side's Retry-After as floor, up to a day.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @param failures how often it has failed, 1 or more
 * @param random gives 0 to 1
 */
export function backoffMs(failures: number, random: () => number, retryAfterMs = 0): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return Math.max(Math.min(retryAfterMs, LONGEST_FLOOR_MS), Math.round(random() * ceiling));
}
