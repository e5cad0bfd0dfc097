// Ctrl-C: the first stops the work and waits for its clean-up, the second (or a clean-up that takes too long) ends the process.
import { TransshipError } from '../../shared/errors.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';

const CLEAN_UP_MS = 5000;

/** A signal that aborts with an error of code `interrupted`; `release` gives Ctrl-C back to the process. */
export function interruptSignal(io: Io, cleanUpMs = CLEAN_UP_MS): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let deadline: NodeJS.Timeout | undefined;
  const stop = io.onInterrupt(() => {
    if (controller.signal.aborted) return io.exit(EXIT.interrupted);
    deadline = setTimeout(() => io.exit(EXIT.interrupted), cleanUpMs);
    deadline.unref();
    controller.abort(
      new TransshipError('interrupted', 'interrupted before the work was done', {
        hint: 'run the same command again: what is already at the target is not sent twice',
      }),
    );
  });
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(deadline);
      stop();
    },
  };
}
