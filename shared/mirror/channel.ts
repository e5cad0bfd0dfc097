// A bounded queue of chunks between one reader and one upload. The reader waits for room, the upload for chunks.

export type Channel = AsyncIterable<Uint8Array> & {
  /** Adds a chunk, even beyond the bound; ask `isFull` before. */
  push(chunk: Uint8Array): void;
  end(): void;
  /** Makes the consumer throw as soon as it asks for the next chunk; what was queued is dropped. */
  fail(error: unknown): void;
  isFull(): boolean;
  /** True once the consumer stopped reading, or the channel failed. */
  isClosed(): boolean;
  /** Settles when there is room again, or nobody reads any more. */
  room(): Promise<void>;
};

export function createChannel(capacityBytes: number): Channel {
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let ended = false;
  let closed = false;
  let failure: { error: unknown } | undefined;
  let wakeConsumer: (() => void) | undefined;
  let wakeProducer: (() => void) | undefined;
  let roomPromise: Promise<void> | undefined;

  function freed(): void {
    wakeProducer?.();
    wakeProducer = undefined;
    roomPromise = undefined;
  }
  function changed(): void {
    wakeConsumer?.();
    wakeConsumer = undefined;
  }

  const isOver = () => ended || failure !== undefined;

  async function next(): Promise<Uint8Array | undefined> {
    while (queue.length === 0 && !isOver()) await new Promise<void>((resolve) => (wakeConsumer = resolve));
    if (failure !== undefined) throw failure.error;
    const chunk = queue.shift();
    if (chunk === undefined) return undefined;
    queuedBytes -= chunk.byteLength;
    if (queuedBytes < capacityBytes) freed();
    return chunk;
  }

  return {
    push(chunk) {
      queue.push(chunk);
      queuedBytes += chunk.byteLength;
      changed();
    },
    end() {
      ended = true;
      changed();
    },
    fail(error) {
      failure ??= { error };
      closed = true;
      changed();
      freed();
    },
    isFull: () => queuedBytes >= capacityBytes,
    isClosed: () => closed,
    room() {
      if (closed || queuedBytes < capacityBytes) return Promise.resolve();
      roomPromise ??= new Promise((resolve) => (wakeProducer = resolve));
      return roomPromise;
    },
    async *[Symbol.asyncIterator]() {
      try {
        for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk;
      } finally {
        closed = true;
        freed();
      }
    },
  };
}
