// Waits for what can only be looked at: files, processes, registries in this process.
import { setTimeout as delay } from 'node:timers/promises';

export type Patience = {
  signal: AbortSignal;
  timeoutMs: number;
  /** What is waited for, for the message. */
  what: string;
  /** From one look to the next; 10 ms by default. */
  everyMs?: number;
};

/** Resolves to what `look` gives as soon as it gives something. @throws the signal's reason; Error when the time is over */
export async function until<Found>(
  look: () => Found | undefined | Promise<Found | undefined>,
  { signal, timeoutMs, what, everyMs = 10 }: Patience,
): Promise<Found> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= giveUpAt) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await delay(everyMs);
  }
}
