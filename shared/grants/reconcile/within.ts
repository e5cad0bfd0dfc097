// A limit of time for whatever a back end does: one that hangs holds nobody else, and nobody who wants to stop.
import { TransshipError } from '../../errors.ts';
import type { GrantsClock } from '../grants-run.ts';

type Limit = {
  ms: number;
  clock: GrantsClock;
  who: string;
  /** For what only reads: whoever is told to stop does not wait for it. */
  ending?: AbortSignal | undefined;
};

/**
 * The work is told to stop when its time is over; whether it does is its own affair.
 * @throws TransshipError timeout, interrupted, and what the work throws
 */
export async function within<Result>(
  { ms, clock, who, ending }: Limit,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stopping = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = (error: TransshipError): void => {
    reject(error);
    stopping.abort(error);
  };
  const callOff = clock.after(ms, () =>
    giveUp(
      new TransshipError('timeout', `${who} did not answer within ${Math.round(ms / 1000)} s`, { retryable: true }),
    ),
  );
  const stop = (): void => giveUp(new TransshipError('interrupted', `${who} was not waited for`, { retryable: true }));
  ending?.addEventListener('abort', stop, { once: true });
  if (ending?.aborted === true) stop();
  try {
    return await Promise.race([work(stopping.signal), late]);
  } finally {
    callOff();
    ending?.removeEventListener('abort', stop);
    // nobody listens any more
    late.catch(() => undefined);
  }
}
