// A bounded queue of chunks between one reader and one upload. The reader waits for room, the upload for chunks.
// It lends: the memory of a chunk may be used again as soon as the next one is asked for.
import type { BufferPool } from '../oci/http/buffer-pool.ts';

export type Channel = {
  /** What the upload sends; it can be read once. */
  readonly stream: AsyncIterable<Uint8Array>;
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

export type ChannelOptions = {
  /** Where chunks may come from; they are held as long as they are here. */
  buffers?: BufferPool;
  /** Hears how many bytes the consumer has taken in all. */
  onTaken?: (takenBytes: number) => void;
};

export function createChannel(capacityBytes: number, { buffers, onTaken }: ChannelOptions = {}): Channel {
  let queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let takenBytes = 0;
  let lent: Uint8Array | undefined;
  let ended = false;
  let closed = false;
  let failure: Error | undefined;
  let room: PromiseWithResolvers<void> | undefined;
  let waiting: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>> | undefined;

  function give(): void {
    if (waiting === undefined) return;
    const { resolve, reject } = waiting;
    const chunk = queue.shift();
    if (chunk !== undefined) {
      queuedBytes -= chunk.byteLength;
      takenBytes += chunk.byteLength;
      lent = chunk;
      resolve({ done: false, value: chunk });
    } else if (failure !== undefined) reject(failure);
    else if (closed) resolve({ done: true, value: undefined });
    else if (ended) {
      close();
      resolve({ done: true, value: undefined });
    } else return;
    waiting = undefined;
    freed();
    if (chunk !== undefined) onTaken?.(takenBytes);
  }

  function takeBack(): void {
    if (lent !== undefined) buffers?.release(lent);
    lent = undefined;
  }

  function close(): void {
    closed = true;
    for (const chunk of queue) buffers?.release(chunk);
    queue = [];
    queuedBytes = 0;
    freed();
  }

  function freed(): void {
    if (isFull()) return;
    room?.resolve();
    room = undefined;
  }

  function isFull(): boolean {
    return queuedBytes >= capacityBytes;
  }

  const reader: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      takeBack();
      waiting = Promise.withResolvers();
      const { promise } = waiting;
      give();
      return promise;
    },
    async return() {
      if (!closed) close();
      give();
      return { done: true, value: undefined };
    },
  };

  return {
    stream: { [Symbol.asyncIterator]: () => reader },
    push(chunk) {
      if (closed) return;
      buffers?.hold(chunk);
      queue.push(chunk);
      queuedBytes += chunk.byteLength;
      give();
    },
    end() {
      ended = true;
      give();
    },
    fail(error) {
      if (closed) return;
      failure = error;
      close();
      give();
    },
    isFull,
    isClosed: () => closed,
    room() {
      if (closed || !isFull()) return Promise.resolve();
      room ??= Promise.withResolvers();
      return room.promise;
    },
  };
}
