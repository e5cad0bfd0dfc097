// By how much a server's clock is ahead of ours, by the Date header of its answer: what it calls the end of a token is on its clock.

/** Below it the difference is that of the header, which has seconds, and of the way. */
const LEAST_MS = 5_000;

/** Milliseconds; 0 where the header is missing, makes no sense, or says about the same. */
export function clockOffset(date: string | undefined, now: number): number {
  const offsetMs = Date.parse(date ?? '') - now;
  return Number.isNaN(offsetMs) || Math.abs(offsetMs) < LEAST_MS ? 0 : offsetMs;
}
