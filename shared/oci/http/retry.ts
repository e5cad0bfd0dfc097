// When a failed request is sent again, and after how long.
import { setTimeout as delay } from 'node:timers/promises';
import { TransshipError } from '../../errors.ts';

/** Statuses that a later try may change. https://www.rfc-editor.org/rfc/rfc9110#section-15.6 */
const RETRYABLE_STATUSES = new Set([408, 429, 499, 500, 502, 503, 504, 522]);

export type RetryPolicy = {
  /** How often a request is sent at most. */
  tries: number;
  firstDelayMs: number;
  longestDelayMs: number;
  /** A Retry-After beyond this ends the operation instead: its caller decides when to come back. */
  longestRetryAfterMs: number;
};

export const DEFAULT_RETRIES: RetryPolicy = {
  tries: 5,
  firstDelayMs: 500,
  longestDelayMs: 30_000,
  longestRetryAfterMs: 120_000,
};

export function isRetryableStatus(status: number): boolean {
  return RETRYABLE_STATUSES.has(status);
}

/**
 * Full jitter under a doubling ceiling, with the registry's Retry-After as floor.
 * @param tried how often the request was sent already, 1 or more
 */
export function retryDelayMs(policy: RetryPolicy, tried: number, retryAfterMs: number, random: () => number): number {
  const ceiling = Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (tried - 1));
  return Math.max(retryAfterMs, Math.round(random() * ceiling));
}

/** Waits, or throws as soon as the signal says so. @throws TransshipError interrupted, or the signal's own TransshipError */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw interruption(signal, error);
  }
}

/** What to throw for an aborted signal. */
export function interruption(signal: AbortSignal | undefined, cause?: unknown): TransshipError {
  if (signal?.reason instanceof TransshipError) return signal.reason;
  return new TransshipError('interrupted', 'interrupted', { cause });
}
