// The memory for chunks under way: bounded for all copies of a process together, and used again and again.
import { interruption } from '../oci/http/retry.ts';

type ChunkBuffer = {
  bytes: Buffer;
  /** Gives the memory back; `dirty` where a broken connection may still read from it. */
  release: (state?: 'dirty') => void;
};

export type ChunkBuffers = {
  /** Waits for room; first come, first served. A size beyond the capacity waits for all of it. @throws TransshipError interrupted */
  take(sizeBytes: number, signal?: AbortSignal): Promise<ChunkBuffer>;
};

export function createChunkBuffers(capacityBytes: number): ChunkBuffers {
  const spare: Buffer[] = [];
  let waiting: { sizeBytes: number; start: () => void }[] = [];
  let freeBytes = capacityBytes;

  function admit(): void {
    for (let next = waiting[0]; next !== undefined && weight(next.sizeBytes) <= freeBytes; next = waiting[0]) {
      waiting = waiting.slice(1);
      freeBytes -= weight(next.sizeBytes);
      next.start();
    }
  }

  function weight(sizeBytes: number): number {
    return Math.min(sizeBytes, capacityBytes);
  }

  function turn(sizeBytes: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(interruption(signal));
      const entry = {
        sizeBytes,
        start() {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      const giveUp = (): void => {
        waiting = waiting.filter((one) => one !== entry);
        reject(interruption(signal));
        admit();
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      waiting.push(entry);
      admit();
    });
  }

  /** One of another size gives its memory up, so that no more is held than the capacity says. */
  function memory(sizeBytes: number): Buffer {
    const found = spare.find(({ byteLength }) => byteLength === sizeBytes);
    spare.splice(found === undefined ? 0 : spare.indexOf(found), 1);
    return found ?? Buffer.allocUnsafeSlow(sizeBytes);
  }

  return {
    async take(sizeBytes, signal) {
      await turn(sizeBytes, signal);
      const bytes = memory(sizeBytes);
      let isTaken = true;
      return {
        bytes,
        release(state) {
          if (!isTaken) return;
          isTaken = false;
          freeBytes += weight(sizeBytes);
          if (state !== 'dirty') spare.push(bytes);
          admit();
          // An idle process keeps none.
          if (freeBytes === capacityBytes) spare.length = 0;
        },
      };
    },
  };
}
