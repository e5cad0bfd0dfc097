// A clock that stands still until a test moves it, forwards with its timers or backwards without.
import type { Clock } from '../../../shared/jobs/clock.ts';

export type ManualClock = Clock & {
  /** Moves on; timers on the way fire in order, and what they started goes on before the next. */
  advance(ms: number): Promise<void>;
  /** Steps as a corrected system clock does: no timer notices. */
  step(ms: number): void;
};

export function manualClock(start = new Date('2026-11-21T12:00:00Z')): ManualClock {
  let wall = start.getTime();
  let elapsed = 0;
  const timers = new Set<{ due: number; callback: () => void }>();

  return {
    now: () => new Date(wall),
    after(ms, callback) {
      const timer = { due: elapsed + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const end = elapsed + ms;
      for (;;) {
        const [next] = [...timers].filter(({ due }) => due <= end).sort((one, other) => one.due - other.due);
        const reached = Math.max(elapsed, next?.due ?? end);
        wall += reached - elapsed;
        elapsed = reached;
        if (next === undefined) break;
        timers.delete(next);
        next.callback();
        await settle();
      }
      await settle();
    },
    step(ms) {
      wall += ms;
    },
  };
}

/** Lets promises and group commits that are under way finish: each needs some turns of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
