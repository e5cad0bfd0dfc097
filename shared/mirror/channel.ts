// A bounded queue of chunks between one reader and one upload. The reader waits for room, the upload for chunks.
// A stream underneath: the HTTP client takes from it without a promise per chunk.
import { Readable } from 'node:stream';

export type Channel = {
  /** What the upload sends. */
  readonly stream: Readable;
  /** Adds a chunk, even beyond the bound; ask `isFull` before. */
  push(chunk: Uint8Array): void;
  end(): void;
  /** Makes the consumer fail as soon as it asks for the next chunk; what was queued is dropped. */
  fail(error: Error): void;
  isFull(): boolean;
  /** True once the consumer stopped reading, or the channel failed. */
  isClosed(): boolean;
  /** Settles when there is room again, or nobody reads any more. */
  room(): Promise<void>;
};

/** @param onTaken hears how many bytes the consumer has taken in all, now and then */
export function createChannel(capacityBytes: number, onTaken?: (takenBytes: number) => void): Channel {
  let pushedBytes = 0;
  let room: PromiseWithResolvers<void> | undefined;
  const freed = () => {
    room?.resolve();
    room = undefined;
  };
  const stream = new Readable({
    highWaterMark: capacityBytes,
    read() {
      onTaken?.(pushedBytes - stream.readableLength);
      freed();
    },
  });
  // A failure is told to the consumer by the stream itself; without one there is nobody to tell.
  stream.on('error', () => undefined);
  stream.on('close', freed);
  const isFull = () => stream.readableLength >= capacityBytes;

  return {
    stream,
    push(chunk) {
      pushedBytes += chunk.byteLength;
      stream.push(chunk);
    },
    end: () => void stream.push(null),
    fail: (error) => void stream.destroy(error),
    isFull,
    isClosed: () => stream.destroyed,
    room() {
      if (stream.destroyed || !isFull()) return Promise.resolve();
      room ??= Promise.withResolvers();
      return room.promise;
    },
  };
}
