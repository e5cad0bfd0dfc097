// Remembers that writing to the disk failed, and finds out by itself when it works again: nobody sends work to a store that says it
// cannot take any.
import type { Clock } from '../../../shared/jobs/clock.ts';
import { storeError } from './sqlite-errors.ts';

export type WriteTrouble = {
  failed(error: unknown): void;
  /** Why the last write failed; absent: it did not. */
  reason: () => string | undefined;
  stop(): void;
};

const PROBE_EVERY_MS = 2000;

/** @param probe writes something, durably */
export function writeTrouble(clock: Clock, probe: () => Promise<void>): WriteTrouble {
  let reason: string | undefined;
  let callOff: (() => void) | undefined;

  function probeLater(): void {
    callOff = clock.after(PROBE_EVERY_MS, () => void look());
  }

  async function look(): Promise<void> {
    try {
      await probe();
      reason = undefined;
      callOff = undefined;
    } catch {
      // `failed` was told why
      probeLater();
    }
  }

  return {
    failed(error) {
      reason = storeError(error).message;
      if (callOff === undefined) probeLater();
    },
    reason: () => reason,
    stop: () => callOff?.(),
  };
}
