// A connection whose bytes land in the buffers of a pool, with one `read` that waits for them: no stream in between, because a
// stream costs more per byte than the way through the kernel.
import type { OnReadOpts, Socket } from 'node:net';
import type { BufferPool } from './buffer-pool.ts';

export type SocketReader = {
  /** Settles when connected; rejects with what prevented it. */
  readonly connected: Promise<void>;
  /** What came, held once for the caller; undefined after the other side's end. Rejects with what broke the connection. */
  read(): Promise<Uint8Array | undefined>;
  write(text: string): void;
  /** True while the connection stands and nothing came that was not read. */
  isQuiet(): boolean;
  /** Cuts the connection; a `read` that waits rejects with the error. */
  destroy(error?: Error): void;
  /** Whether the process stays alive for it. */
  detain(wanted: boolean): void;
};

/** With less room than this the next buffer is begun. */
const LEAST_ROOM_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array();

/** @param connect opens a TCP or TLS socket with these options for reading */
export function createSocketReader(buffers: BufferPool, connect: (onread: OnReadOpts) => Socket): SocketReader {
  /** What stands in buffers that are full; one is enough read ahead. */
  const full: Uint8Array[] = [];
  let buffer = buffers.take();
  let start = 0;
  let end = 0;
  let waiting: PromiseWithResolvers<Uint8Array | undefined> | undefined;
  let failure: Error | undefined;
  let ended = false;

  const socket = connect({
    buffer: () => buffer.subarray(end),
    callback(sizeBytes) {
      end += sizeBytes;
      if (buffer.byteLength - end < LEAST_ROOM_BYTES) beginNext();
      const reader = waiting;
      waiting = undefined;
      reader?.resolve(take());
      return full.length === 0;
    },
  });
  const { promise: connected, resolve, reject } = Promise.withResolvers<void>();
  connected.catch(() => undefined);
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', resolve);
  socket.on('error', (error) => fail(error));
  socket.on('end', finish);
  socket.on('close', () => {
    finish();
    setAside();
  });
  socket.setNoDelay(true);

  function beginNext(): void {
    setAside();
    buffer = buffers.take();
  }

  /** Nothing more lands in this buffer. What was not read stays held for whoever reads it yet: it may outlive the connection. */
  function setAside(): void {
    const rest = buffer.subarray(start, end);
    if (rest.byteLength > 0) full.push(rest);
    else buffers.release(buffer);
    buffer = NO_BYTES;
    start = 0;
    end = 0;
  }

  function take(): Uint8Array | undefined {
    const whole = full.shift();
    if (whole !== undefined) return whole;
    if (start === end) return undefined;
    const part = buffer.subarray(start, end);
    start = end;
    buffers.hold(part);
    return part;
  }

  function fail(error: Error): void {
    failure ??= error;
    reject(failure);
    waiting?.reject(failure);
    waiting = undefined;
  }

  function finish(): void {
    ended = true;
    reject(failure ?? cut());
    waiting?.resolve(undefined);
    waiting = undefined;
  }

  return {
    connected,
    async read() {
      const wasFull = full.length > 0;
      const part = take();
      if (wasFull && !socket.destroyed) socket.resume();
      if (part !== undefined) return part;
      if (failure !== undefined) throw failure;
      if (ended) return undefined;
      waiting = Promise.withResolvers();
      return waiting.promise;
    },
    write: (text) => void socket.write(text, 'latin1'),
    isQuiet: () => !ended && !socket.destroyed && full.length === 0 && start === end,
    destroy(error) {
      if (error !== undefined) fail(error);
      socket.destroy();
    },
    detain: (wanted) => void (wanted ? socket.ref() : socket.unref()),
  };
}

/** What a connection says that ended before it should. */
export function cut(): Error {
  return Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' });
}
