// The times that the token endpoint keeps: how long an answer of a cluster is good, and how long one is waited for.
import { TransshipError } from '../../shared/errors.ts';

/** In milliseconds. A grant takes effect within them, and so does the end of one, for whoever asks for a token anew. */
export const KEEP_MS = 5000;

/** A client that pulls waits for the answer; containerd gives up after half a minute. */
const ANSWER_MS = 8000;

/** What the work resolves to, which gets a signal for its requests. @throws TransshipError timeout; what the work throws */
export async function inTime<Answer>(
  cluster: string,
  work: (signal: AbortSignal) => Promise<Answer>,
  answerMs = ANSWER_MS,
): Promise<Answer> {
  const limit = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = tooLate(cluster, answerMs);
    limit.abort(error);
    reject(error);
  }, answerMs);
  try {
    return await Promise.race([work(limit.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(cluster: string, answerMs: number): TransshipError {
  return new TransshipError('timeout', `the cluster ${cluster} did not say within ${answerMs} ms who may pull`, {
    hint: 'look at the load of its API server, and raise limits.requestsPerSecond of this cluster',
    retryable: true,
  });
}
