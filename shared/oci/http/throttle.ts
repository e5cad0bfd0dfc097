// How many requests of each class may be in flight at one registry, and how fast they start: additive increase, halving when
// the registry pushes back, published rates in front, and Retry-After as a floor for the whole host.
import { TransshipError } from '../../errors.ts';
import { interruption, sleep } from './retry.ts';
import type { ActionClass, Traits } from '../traits.ts';

/** The window halves at most once in this time: one burst of refusals is one signal. */
const HALVE_AT_MOST_EVERY_MS = 100;

export type Outcome = 'accepted' | 'throttled' | 'failed';

export type Throttle = {
  /**
   * Waits for a place; the caller gives it back with what became of the request.
   * @throws TransshipError interrupted; too-many-requests where the host is held for longer than anyone here waits
   */
  enter(action: ActionClass, signal?: AbortSignal): Promise<(outcome: Outcome) => void>;
  /** No request starts before this many milliseconds have passed. */
  holdFor(ms: number): void;
};

type Window = {
  limit: number;
  inFlight: number;
  accepted: number;
  halvedAt: number;
  waiting: (() => void)[];
} & Starts;

/** When the next request of a rate may start. */
type Starts = { nextStartAt: number };

/**
 * @param longestHoldMs a host that is held for longer refuses at once: its caller decides when to come back
 * @param requestsPerSecond for all classes together, where a user wants no more
 */
export function createThrottle(
  traits: Pick<Traits, 'concurrency' | 'ratesPerSecond'>,
  now: () => number,
  longestHoldMs: number,
  requestsPerSecond?: number,
): Throttle {
  const windows = new Map<ActionClass, Window>();
  const all: Starts = { nextStartAt: 0 };
  let heldUntil = 0;

  function windowOf(action: ActionClass): Window {
    let window = windows.get(action);
    if (window === undefined) {
      window = { limit: traits.concurrency.start, inFlight: 0, accepted: 0, halvedAt: 0, waiting: [], nextStartAt: 0 };
      windows.set(action, window);
    }
    return window;
  }

  function leave(window: Window, outcome: Outcome): void {
    window.inFlight -= 1;
    if (outcome === 'throttled' && now() - window.halvedAt >= HALVE_AT_MOST_EVERY_MS) {
      window.limit = Math.max(1, Math.floor(window.limit / 2));
      window.halvedAt = now();
      window.accepted = 0;
    }
    if (outcome === 'accepted' && ++window.accepted >= window.limit && window.limit < traits.concurrency.max) {
      window.limit += 1;
      window.accepted = 0;
    }
    while (window.inFlight < window.limit && window.waiting.length > 0) {
      window.inFlight += 1;
      window.waiting.shift()?.();
    }
  }

  return {
    async enter(action, signal) {
      const window = windowOf(action);
      if (window.inFlight < window.limit) window.inFlight += 1;
      else await turn(window, signal);
      const leaveOnce = (outcome: Outcome) => leave(window, outcome);
      try {
        for (let waitMs = waitFor(window, action); waitMs > 0; waitMs = heldUntil - now()) {
          if (heldUntil - now() > longestHoldMs) throw held(heldUntil - now());
          await sleep(waitMs, signal);
        }
      } catch (error) {
        leaveOnce('failed');
        throw error;
      }
      return leaveOnce;
    },
    holdFor(ms) {
      heldUntil = Math.max(heldUntil, now() + ms);
    },
  };

  function waitFor(window: Window, action: ActionClass): number {
    const time = now();
    const startAt = Math.max(
      reserve(window, traits.ratesPerSecond[action], time),
      reserve(all, requestsPerSecond, time),
    );
    return Math.max(heldUntil, startAt) - time;
  }
}

/** Reserves the next start of a rate, if there is one; a second's worth, and one at least, may start at once. */
function reserve(starts: Starts, perSecond: number | undefined, time: number): number {
  if (perSecond === undefined) return time;
  const intervalMs = 1_000 / perSecond;
  starts.nextStartAt = Math.max(starts.nextStartAt, time - Math.max(1_000, intervalMs)) + intervalMs;
  return starts.nextStartAt;
}

/** Settles when the window has a place for this one; an interrupted one gives its turn up. */
function turn(window: Window, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(interruption(signal));
    const enter = (): void => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = (): void => {
      window.waiting = window.waiting.filter((waiting) => waiting !== enter);
      reject(interruption(signal));
    };
    window.waiting.push(enter);
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

function held(ms: number): TransshipError {
  return new TransshipError(
    'too-many-requests',
    `the registry asked for no more requests within the next ${Math.ceil(ms / 1000)} seconds`,
    {
      hint: 'its limit is used up: copy again later, or log in with an account that has a higher one',
      retryAfterMs: ms,
    },
  );
}
