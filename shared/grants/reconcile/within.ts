// A limit of time for whatever a back end does: one that hangs holds nobody else.
import { TransshipError } from '../../errors.ts';
import type { GrantsClock } from '../grants-run.ts';

type Limit = { ms: number; clock: GrantsClock; who: string };

/**
 * The work is told to stop when its time is over; whether it does is its own affair.
 * @throws TransshipError timeout, and what the work throws
 */
export async function within<Result>(
  { ms, clock, who }: Limit,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stopping = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const callOff = clock.after(ms, () => {
    const error = new TransshipError('timeout', `${who} did not answer within ${Math.round(ms / 1000)} s`, {
      retryable: true,
    });
    reject(error);
    stopping.abort(error);
  });
  try {
    return await Promise.race([work(stopping.signal), late]);
  } finally {
    callOff();
    // nobody listens any more
    late.catch(() => undefined);
  }
}
