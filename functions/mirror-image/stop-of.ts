// How a running copy is brought to its end when its job must end: what is nearly done may finish, then it is cut off.
import type { Clock } from '../../shared/jobs/clock.ts';
import type { JobContext } from '../../shared/jobs/handler.ts';
import { interruption } from '../../shared/oci/http/retry.ts';

/** What is under way when the slice ends may take this long; the process waits for ten seconds. */
const DRAIN_MS = 5_000;
/** What does not notice that it was cut off is not waited for: it cannot send anything any more. */
const NOTICE_MS = 1_000;

type Stop = {
  /** Fires when nothing more may be sent. */
  signal: AbortSignal;
  /** The work's result, or an interruption soon after the signal. */
  orAbandoned<T>(work: Promise<T>): Promise<T>;
  [Symbol.dispose](): void;
};

export function stopOf({ ending, signal }: Pick<JobContext, 'ending' | 'signal'>, clock: Clock): Stop {
  const cut = new AbortController();
  const { promise: abandoned, reject } = Promise.withResolvers<never>();
  abandoned.catch(() => undefined);
  const timers: (() => void)[] = [];
  const abort = (): void => {
    cut.abort(signal.reason ?? ending.reason);
    timers.push(clock.after(NOTICE_MS, () => reject(interruption(cut.signal))));
  };
  const drain = (): void => void timers.push(clock.after(DRAIN_MS, abort));
  const listen = (to: AbortSignal, then: () => void): void => {
    if (to.aborted) then();
    else to.addEventListener('abort', then, { once: true });
  };
  listen(signal, abort);
  if (!signal.aborted) listen(ending, drain);

  return {
    signal: cut.signal,
    orAbandoned: (work) => Promise.race([work, abandoned]),
    [Symbol.dispose]() {
      signal.removeEventListener('abort', abort);
      ending.removeEventListener('abort', drain);
      for (const callOff of timers) callOff();
    },
  };
}
