// A limit of time for work of a library that takes none, or not for all that it does.
import { TransshipError } from '../errors.ts';

/** The work itself may go on behind. @throws TransshipError timeout, interrupted, and what the work throws */
export async function within<Result>(
  limitMs: number,
  signal: AbortSignal | undefined,
  who: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late(who)), limitMs);
  const onAbort = (): void => {
    reject(interruption(signal));
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    // nobody listens any more
    promise.catch(() => undefined);
  }
}

/** What whoever waits is told once it was called off. */
export function interruption(signal: AbortSignal | undefined): TransshipError {
  return signal?.reason instanceof TransshipError ? signal.reason : new TransshipError('interrupted', 'interrupted');
}

function late(who: string): TransshipError {
  return new TransshipError('timeout', `${who} did not answer in time`, {
    hint: `check that this machine reaches the token servers of ${who}, and the proxy (HTTPS_PROXY)`,
    retryable: true,
    details: { operation: `log in to ${who}` },
  });
}
