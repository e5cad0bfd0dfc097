// Does something again and again, never twice at once, until a signal ends it.
import type { Clock } from '../../../shared/jobs/clock.ts';

export type Repeated = {
  /** Does it now, or right after the time that is running. */
  soon(): void;
  /** Resolves after the signal, when the last time is over. */
  ended: Promise<void>;
};

export type RepeatOptions = { clock: Clock; everyMs: number; signal: AbortSignal; onTrouble: (error: unknown) => void };

export function repeat(act: () => Promise<void>, { clock, everyMs, signal, onTrouble }: RepeatOptions): Repeated {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let callOff = (): void => {};
  let isRunning = false;
  let isAsked = false;

  async function run(): Promise<void> {
    callOff();
    isRunning = true;
    do {
      isAsked = false;
      await act().catch(onTrouble);
    } while (isAsked && !signal.aborted);
    isRunning = false;
    if (signal.aborted) end();
    else callOff = clock.after(everyMs, () => void run());
  }

  function stop(): void {
    callOff();
    if (!isRunning) end();
  }

  signal.addEventListener('abort', stop, { once: true });
  void run();
  return {
    soon() {
      isAsked = true;
      if (!isRunning && !signal.aborted) void run();
    },
    ended,
  };
}
