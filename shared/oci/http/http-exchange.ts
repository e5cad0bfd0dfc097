// One HTTP request and the head of its answer, as the transport and what it is made of pass them on.
import type { Readable } from 'node:stream';
import type { BufferPool } from './buffer-pool.ts';
import type { EgressTrust } from '../egress/egress-policy.ts';

export type HttpRequest = {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: URL;
  headers: Record<string, string>;
  /** Bytes or a stream; a stream's length stands in the content-length header. */
  body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** True where the memory of a part of the stream is used again after the next part was asked for. */
  lends?: boolean;
  /** For a GET of many bytes: where they may land. Whoever takes a part of the body then holds it, and should release it. */
  buffers?: BufferPool;
  /** Which limit holds for the wait for the response's headers. */
  wait: 'response' | 'commit';
  /** Whether the host was configured, which decides what its name may resolve to; see egress-guard.ts. */
  trust: EgressTrust;
  /** What to call this in an error. */
  registry: string;
  repository?: string;
  operation: string;
  signal?: AbortSignal;
};

export type HttpResponse = {
  status: number;
  headers: Record<string, string | undefined>;
  body: Readable & { dump(options?: { limit: number }): Promise<void> };
};
