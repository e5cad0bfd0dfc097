// Waiting by the clock that the host hands in.
import type { Clock } from '../../shared/jobs/clock.ts';

/** Resolves after the time; rejects with the signal's reason. */
export function clockSleep(clock: Pick<Clock, 'after'>): (ms: number, signal?: AbortSignal) => Promise<void> {
  return (ms, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const callOff = clock.after(ms, resolve);
    const abort = (): void => {
      callOff();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    return promise.finally(() => signal?.removeEventListener('abort', abort));
  };
}
