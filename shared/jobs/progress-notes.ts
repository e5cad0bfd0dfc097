// Thins progress out to one line a second: the newest counts.
import type { Clock } from './clock.ts';
import type { Json } from './json.ts';

const EVERY_MS = 1000;

export type ProgressNotes = {
  note: (data: Json) => void;
  /** Drops what was not written yet. */
  end(): void;
};

export function progressNotes(clock: Clock, write: (data: Json) => void): ProgressNotes {
  let newest: { data: Json } | undefined;
  let callOff: (() => void) | undefined;

  function wait(): void {
    callOff = clock.after(EVERY_MS, () => {
      callOff = undefined;
      if (newest === undefined) return;
      write(newest.data);
      newest = undefined;
      wait();
    });
  }

  return {
    note(data) {
      if (callOff !== undefined) {
        newest = { data };
        return;
      }
      write(data);
      wait();
    },
    end() {
      callOff?.();
      newest = undefined;
    },
  };
}
