// When the grants have to be looked at again before their timer does so. Pure.

/** No run follows another one at once. */
const LEAST_MS = 1000;

/**
 * Undefined where the timer comes first.
 * @param nextAt when the run that was just done says that something is due
 */
export function nextReconcile(nextAt: Date | undefined, now: Date, everyMs: number): Date | undefined {
  if (nextAt === undefined) return undefined;
  const inMs = Math.max(LEAST_MS, nextAt.getTime() - now.getTime());
  return inMs >= everyMs ? undefined : new Date(now.getTime() + inMs);
}
