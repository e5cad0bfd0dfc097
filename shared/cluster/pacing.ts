// How fast and how many at a time the requests to one API server start: two rates, places, and a pause for all when it asks for one.
import { setTimeout as delay } from 'node:timers/promises';
import { TransshipError } from '../errors.ts';
import { interruption } from './network-failure.ts';

export type PacingLimits = {
  requestsPerSecond: number;
  /** Of them, so many may write. */
  writesPerSecond: number;
  /** At a time. */
  concurrency: number;
};

/** What a user says, and what is done where he says nothing. A limit that is set is one for all requests, writes or not. */
export function pacingLimits(limits: { requestsPerSecond?: number; concurrency?: number } = {}): PacingLimits {
  const { requestsPerSecond = 50, concurrency = 12 } = limits;
  return { requestsPerSecond, writesPerSecond: limits.requestsPerSecond ?? 10, concurrency };
}

export type Pacing = {
  /**
   * Waits until a request may start; the result gives its place back.
   * @throws TransshipError interrupted; too-many-requests where the pause is longer than anyone here waits
   */
  enter(isWrite: boolean, signal?: AbortSignal): Promise<() => void>;
  /** No request starts before this many milliseconds have passed. */
  holdFor(ms: number): void;
};

/** So many seconds' worth of a rate may start at once: a quiet cluster with fifty new namespaces, at seven requests each, is served at once. */
const READ_BURST_S = 5;
const WRITE_BURST_S = 10;

export type PacingClock = { nowMs: () => number; wait: (ms: number, signal?: AbortSignal) => Promise<void> };

/** @param longestHoldMs a longer pause is refused at once: who calls decides when to come back */
export function createPacing(limits: PacingLimits, longestHoldMs: number, { nowMs, wait }: PacingClock): Pacing {
  const all = startsOf(limits.requestsPerSecond, READ_BURST_S);
  const writes =
    limits.writesPerSecond === limits.requestsPerSecond ? undefined : startsOf(limits.writesPerSecond, WRITE_BURST_S);
  let waiting: (() => void)[] = [];
  let inFlight = 0;
  let heldUntilMs = 0;

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) inFlight -= 1;
    else next();
  }

  function turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(interruption(signal));
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting = waiting.filter((one) => one !== enter);
        reject(interruption(signal));
      };
      waiting.push(enter);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  return {
    async enter(isWrite, signal) {
      if (inFlight < limits.concurrency) inFlight += 1;
      else await turn(signal);
      try {
        const now = nowMs();
        const startAtMs = Math.max(reserve(all, now), isWrite && writes !== undefined ? reserve(writes, now) : 0);
        for (let paceMs = startAtMs - now; ; paceMs = 0) {
          const held = heldUntilMs - nowMs();
          if (held > longestHoldMs) throw heldFor(held);
          const waitMs = Math.max(paceMs, held);
          if (waitMs <= 0) break;
          await wait(waitMs, signal);
        }
      } catch (error) {
        leave();
        throw error;
      }
      return leave;
    },
    holdFor(ms) {
      heldUntilMs = Math.max(heldUntilMs, nowMs() + ms);
    },
  };
}

/** When the next request of a rate may start. */
type Starts = { intervalMs: number; burstMs: number; nextStartMs: number };

function startsOf(perSecond: number, burstSeconds: number): Starts {
  const intervalMs = 1000 / perSecond;
  return { intervalMs, burstMs: Math.max(burstSeconds * 1000, intervalMs), nextStartMs: -Infinity };
}

function reserve(starts: Starts, nowMs: number): number {
  starts.nextStartMs = Math.max(starts.nextStartMs, nowMs - starts.burstMs) + starts.intervalMs;
  return starts.nextStartMs;
}

/** Waits, or throws as soon as the signal says so. @throws TransshipError interrupted, or the signal's own */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw interruption(signal, error);
  }
}

function heldFor(ms: number): TransshipError {
  const seconds = Math.ceil(ms / 1000);
  return new TransshipError('too-many-requests', `the API server asked for no requests within the next ${seconds} s`, {
    retryable: true,
    retryAfterMs: ms,
    hint: 'it has too much to do: look at its load',
  });
}
