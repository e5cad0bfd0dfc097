// A token bucket of bytes: whoever reads or sends takes what it is about to move, and waits until its turn has come.
// Large takes are cut, so that of many streams each gets its share; a second's worth at most goes at once.
import { sleep as sleepOf } from './retry.ts';

/**
 * Takes bytes; undefined where they may go at once, so that most chunks cost no promise.
 * Throws TransshipError interrupted where the signal is aborted meanwhile.
 */
export type Pace = (sizeBytes: number, signal?: AbortSignal) => Promise<void> | undefined;

export type BandwidthClock = {
  /** Milliseconds, never going back. */
  now: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

/** What a stream takes at a time before another one has its turn. */
const SHARE_BYTES = 64 * 1024;
const LEAST_SHARE_BYTES = 1024;
/** What may go at once after a rest. */
const BURST_MS = 500;
/** Waits that are not worth a timer; they are made up for by the next one. */
const SHORTEST_WAIT_MS = 4;

const CLOCK: BandwidthClock = { now: () => performance.now(), sleep: sleepOf };

/** A limit that all who are given it share. */
export function createBandwidth(bytesPerSecond: number, clock: BandwidthClock = CLOCK): Pace {
  const shareBytes = Math.max(LEAST_SHARE_BYTES, Math.min(SHARE_BYTES, bytesPerSecond / 8));
  /** When everything that was taken so far is paid for. */
  let paidAt = Number.NEGATIVE_INFINITY;

  const reserve = (sizeBytes: number): number => {
    const time = clock.now();
    paidAt = Math.max(paidAt, time - BURST_MS) + (sizeBytes / bytesPerSecond) * 1_000;
    return paidAt - time;
  };

  const waitInShares = async (sizeBytes: number, firstWaitMs: number, signal: AbortSignal | undefined) => {
    let waitMs = firstWaitMs;
    for (let left = sizeBytes - shareBytes; ; left -= shareBytes) {
      if (waitMs >= SHORTEST_WAIT_MS) await clock.sleep(waitMs, signal);
      if (left <= 0) return;
      waitMs = reserve(Math.min(left, shareBytes));
    }
  };

  return (sizeBytes, signal) => {
    const waitMs = reserve(Math.min(sizeBytes, shareBytes));
    if (sizeBytes <= shareBytes && waitMs < SHORTEST_WAIT_MS) return undefined;
    return waitInShares(sizeBytes, waitMs, signal);
  };
}

/** The same content, no faster. */
export async function* paced(
  content: AsyncIterable<Uint8Array>,
  pace: Pace,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    const waiting = pace(chunk.byteLength, signal);
    if (waiting !== undefined) await waiting;
    yield chunk;
  }
}
