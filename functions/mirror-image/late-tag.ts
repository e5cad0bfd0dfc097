// Some registries tell of a push before its tag names it: CNCF distribution tells when the manifest is stored, and sets the tag after
// that. A job that comes in between would find the old image, or none, and be done; so it looks a little longer.
// https://github.com/distribution/distribution/blob/v2.8.3/registry/handlers/manifests.go (PutManifest: manifests.Put, then tags.Tag)
import type { Clock } from '../../shared/jobs/clock.ts';

export type LateTag = {
  /** What the tag names now; undefined where there is none. */
  look: () => Promise<string | undefined>;
  /** What it named when it was copied. */
  found: string | undefined;
  /** It is not waited for longer. */
  until: Date;
  clock: Clock;
  /** Ends the waiting. */
  signal: AbortSignal;
};

const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 400;

/** Resolves to true as soon as the tag names something else, and to false when that does not happen in time. */
export async function tagMoves({ look, found, until, clock, signal }: LateTag): Promise<boolean> {
  for (let waitMs = FIRST_WAIT_MS; clock.now() < until; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    await pause(waitMs, clock, signal);
    if (signal.aborted) return false;
    if ((await look()) !== found) return true;
  }
  return false;
}

function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const callOff = clock.after(ms, resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(callOff);
}
