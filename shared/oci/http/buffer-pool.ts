// Buffers that carry blobs from one socket to others, and are filled again as soon as nobody holds a part of them:
// memory that was just used is still in the processor's caches, and needs neither the kernel nor the garbage collector.

export type BufferPool = {
  /** A buffer to fill; whoever takes it holds it once. */
  take(): Uint8Array;
  /** One more holds the buffer of this part. Parts of other buffers are left alone, here and below. */
  hold(part: Uint8Array): void;
  /** One less; without holders the buffer is filled again. A part that is never released is only garbage. */
  release(part: Uint8Array): void;
};

const BUFFER_BYTES = 256 * 1024;
/** More than these are left to the garbage collector. */
const MOST_IDLE = 16;

export function createBufferPool(): BufferPool {
  const idle: Uint8Array[] = [];
  const holders = new WeakMap<ArrayBufferLike, number>();

  return {
    take() {
      const buffer = idle.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
      holders.set(buffer.buffer, 1);
      return buffer;
    },
    hold({ buffer }) {
      const count = holders.get(buffer);
      if (count !== undefined) holders.set(buffer, count + 1);
    },
    release({ buffer }) {
      const count = holders.get(buffer);
      if (count === undefined) return;
      if (count > 1) {
        holders.set(buffer, count - 1);
        return;
      }
      holders.delete(buffer);
      if (idle.length < MOST_IDLE) idle.push(new Uint8Array(buffer));
    },
  };
}
