// GET over connections of its own, for blobs: the bytes go from the socket into buffers that are used again, and nowhere else.
// It reads answers whose length is a plain number; all others are left to the HTTP client that reads everything.
import type { OnReadOpts, Socket } from 'node:net';
import type { BufferPool } from './buffer-pool.ts';
import { directBody } from './direct-body.ts';
import { parseResponseHead } from './response-head.ts';
import type { ResponseHead } from './response-head.ts';
import { createSocketReader, cut } from './socket-reader.ts';
import type { SocketReader } from './socket-reader.ts';
import { within } from './within.ts';
import type { Timeouts } from './timeouts.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';

export type DirectReads = {
  /** Undefined where the answer has a form that is not read here; nothing of it was used then. */
  exchange(call: HttpRequest, buffers: BufferPool): Promise<HttpResponse | undefined>;
  close(): void;
};

const MOST_HEAD_BYTES = 64 * 1024;
/** How long a connection waits for its next request. */
const IDLE_MS = 4_000;
const NOT_FOR_A_HEADER = /[^\t\x20-\x7e\x80-\xff]/;

/** @param connect opens a socket to the one origin that all calls are for */
export function createDirectReads(connect: (onread: OnReadOpts) => Socket, timeouts: Timeouts): DirectReads {
  const all = new Set<SocketReader>();
  const idle: SocketReader[] = [];
  let unreadable = false;
  let isClosed = false;

  return {
    async exchange(call, buffers) {
      if (unreadable) return undefined;
      for (;;) {
        const used = reuse();
        const connection = used ?? open(buffers);
        const stopListening = cutOnAbort(connection, call.signal);
        try {
          const answer = await ask(connection, call, buffers);
          if (answer !== undefined) return toResponse(answer, connection, buffers, stopListening);
          drop(connection);
          stopListening();
          return undefined;
        } catch (error) {
          drop(connection);
          stopListening();
          // The other side may close at any time what waited; then a GET is sent again. Whatever else went wrong is told.
          if (used === undefined || !isCut(error) || call.signal?.aborted === true) throw error;
        }
      }
    },
    close() {
      isClosed = true;
      for (const connection of all) connection.destroy();
    },
  };

  function open(buffers: BufferPool): SocketReader {
    if (isClosed) throw Object.assign(new Error('the connections are closed'), { code: 'ERR_CLOSED' });
    const connection = createSocketReader(buffers, connect);
    all.add(connection);
    return connection;
  }

  function reuse(): SocketReader | undefined {
    for (let last = idle.pop(); last !== undefined; last = idle.pop()) {
      if (!last.isQuiet()) {
        drop(last);
        continue;
      }
      last.detain(true);
      return last;
    }
    return undefined;
  }

  function keep(connection: SocketReader): void {
    connection.detain(false);
    idle.push(connection);
    setTimeout(() => {
      const place = idle.indexOf(connection);
      if (place < 0) return;
      idle.splice(place, 1);
      drop(connection);
    }, IDLE_MS).unref();
  }

  function drop(connection: SocketReader): void {
    connection.destroy();
    all.delete(connection);
  }

  async function ask(connection: SocketReader, call: HttpRequest, buffers: BufferPool): Promise<Answer | undefined> {
    await within(timeouts.connectMs, 'UND_ERR_CONNECT_TIMEOUT', connection, connection.connected);
    connection.write(requestText(call));
    const reading = readHead(connection, buffers);
    const answer = await within(timeouts.responseMs, 'UND_ERR_HEADERS_TIMEOUT', connection, reading);
    if (answer.head.contentLength !== undefined) return answer;
    // What serves blobs, or redirects to them, in this form will do so again; an error page tells nothing.
    unreadable ||= answer.head.status < 400;
    return undefined;
  }

  function toResponse(
    { head, rest }: Answer,
    connection: SocketReader,
    buffers: BufferPool,
    stopListening: () => void,
  ): HttpResponse {
    const body = directBody(connection, head.contentLength ?? 0, rest, buffers, timeouts.stallMs, (whole) => {
      stopListening();
      if (whole && head.persistent) keep(connection);
      else drop(connection);
    });
    return { status: head.status, headers: head.headers, body };
  }
}

type Answer = { head: ResponseHead; rest: Uint8Array };

async function readHead(connection: SocketReader, buffers: BufferPool): Promise<Answer> {
  let bytes: Uint8Array = new Uint8Array();
  for (;;) {
    const part = await connection.read();
    if (part === undefined) throw cut();
    // Mostly the first part holds all of the head, and the rest of it is a part of the body, in its buffer.
    bytes = bytes.byteLength === 0 ? part : joinReleased(bytes, part, buffers);
    for (let end = endOfHead(bytes); end >= 0; end = endOfHead(bytes)) {
      if (end > MOST_HEAD_BYTES) throw tooLarge();
      const head = parseResponseHead(Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('latin1'));
      const rest = bytes.subarray(end + 4);
      if (head.status === 101)
        throw Object.assign(new Error('the protocol was changed unasked'), { code: 'HPE_INVALID' });
      if (rest.byteLength === 0) buffers.release(bytes);
      if (head.status >= 200) return { head, rest };
      bytes = rest;
    }
    if (bytes.byteLength > MOST_HEAD_BYTES) throw tooLarge();
  }
}

function joinReleased(before: Uint8Array, part: Uint8Array, buffers: BufferPool): Uint8Array {
  const whole = Buffer.concat([before, part]);
  buffers.release(before);
  buffers.release(part);
  return whole;
}

function tooLarge(): Error {
  return Object.assign(new Error('the head of the answer is too large'), { code: 'UND_ERR_HEADERS_OVERFLOW' });
}

/** The connection ended, or was reset, by the other side. */
function isCut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function endOfHead(bytes: Uint8Array): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf('\r\n\r\n');
}

function requestText({ method, url, headers }: HttpRequest): string {
  const lines = Object.entries({ host: url.host, ...headers, connection: 'keep-alive' }).map(([name, value]) => {
    if (NOT_FOR_A_HEADER.test(value)) throw new TypeError(`the header ${name} has a character that no header may have`);
    return `${name}: ${value}\r\n`;
  });
  return `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function cutOnAbort(connection: SocketReader, signal: AbortSignal | undefined): () => void {
  if (signal === undefined) return () => undefined;
  const abort = () => connection.destroy(Object.assign(new Error('aborted'), { code: 'ABORT_ERR' }));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}
