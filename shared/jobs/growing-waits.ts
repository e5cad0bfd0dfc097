// When a place that is in trouble is looked at again: later each time that it still is, and soon again once something else is the matter
// there. It is what one process remembers; another one begins anew, and so does one that heard nothing of the place for long.
import { backoffMs, FIRST_DELAY_MS, LONGEST_DELAY_MS } from './backoff.ts';

export type GrowingWaits = {
  /**
   * A look before its time is none that counts.
   * @param troubles what is the matter, by names that stay the same from look to look
   * @returns when to look again
   */
  failed(place: string, troubles: Iterable<string>, at: Date): Date;
  /** Nothing is the matter there any more. */
  passed(place: string): void;
  /** Somebody changed something: all are looked at soon again. */
  forget(): void;
};

type Wait = { failures: number; dueMs: number; troubles: ReadonlySet<string> };

/** What comes and goes beside something that stays is remembered as long as there is not more of it. */
const MOST_TROUBLES = 1000;

/**
 * @param leastMs the first wait; by jitter no later one is shorter
 * @param random gives 0 to 1
 */
export function growingWaits(leastMs: number, random: () => number): GrowingWaits {
  const waits = new Map<string, Wait>();
  // the waits that are shorter than the least one are left out
  const skipped = Math.floor(Math.log2(leastMs / FIRST_DELAY_MS));
  return {
    failed(place, troubles, at) {
      const known = remembered(waits.get(place), at);
      const named = [...troubles];
      const isNews = known === undefined || named.some((one) => !known.troubles.has(one));
      if (!isNews && at.getTime() < known.dueMs) return new Date(known.dueMs);
      const failures = isNews ? 1 : known.failures + 1;
      const dueMs = at.getTime() + backoffMs(failures + skipped, random, leastMs);
      const isMany = known !== undefined && known.troubles.size >= MOST_TROUBLES;
      const before = isMany ? [] : (known?.troubles ?? []);
      waits.set(place, { failures, dueMs, troubles: new Set([...before, ...named]) });
      return new Date(dueMs);
    },
    passed: (place) => void waits.delete(place),
    forget: () => waits.clear(),
  };
}

/** Where nobody came at its time, another process did: what was found there is not known here. */
function remembered(wait: Wait | undefined, at: Date): Wait | undefined {
  return wait === undefined || at.getTime() - wait.dueMs > LONGEST_DELAY_MS ? undefined : wait;
}
