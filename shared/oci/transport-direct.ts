// Connections of one origin for the bodies of blobs, beside those of the HTTP client for all other requests: on these no byte
// passes through more JavaScript than it must. The same rules hold for both: TLS, resolved addresses, limits of time.
import type { Agent } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import type { OnReadOpts, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { BufferPool } from './buffer-pool.ts';
import type { DirectReads } from './direct-read.ts';
import type { Lookup } from './egress-guard.ts';
import { guardedLookup } from './egress-guard.ts';
import type { EgressTrust } from './egress-policy.ts';
import type { Timeouts } from './timeouts.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';

export type DirectOptions = {
  url: URL;
  trust: EgressTrust;
  tls: { secureContext?: SecureContext };
  timeouts: Timeouts;
  lookup: Lookup | undefined;
};

export type DirectConnections = {
  /** A GET; undefined where the answer must be read by the HTTP client, which has to ask again. */
  read(call: HttpRequest, buffers: BufferPool): Promise<HttpResponse | undefined>;
  upload(call: HttpRequest & { body: AsyncIterable<Uint8Array> }): Promise<HttpResponse>;
  close(): Promise<void>;
};

/** Loads and opens nothing before the first call. */
export function createDirectConnections(options: DirectOptions): DirectConnections {
  let reads: Promise<DirectReads> | undefined;
  let agent: Agent | SecureAgent | undefined;

  return {
    async read(call, buffers) {
      reads ??= openReads(options);
      return (await reads).exchange(call, buffers);
    },
    async upload(call) {
      const { uploadDirectly } = await import('./direct-upload.ts');
      agent ??= openAgent(options);
      const connection = { agent, lookup: guardedLookup(options.trust, options.lookup) };
      return uploadDirectly(call, connection, options.timeouts);
    },
    async close() {
      (await reads)?.close();
      agent?.destroy();
    },
  };
}

async function openReads({ url, trust, tls, timeouts, lookup }: DirectOptions): Promise<DirectReads> {
  const { createDirectReads } = await import('./direct-read.ts');
  const net = await import('node:net');
  const secure = url.protocol === 'https:' ? await import('node:tls') : undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure === undefined ? 80 : 443) : Number(url.port);
  const open = (onread: OnReadOpts): Socket => {
    const to = { host, port, lookup: guardedLookup(trust, lookup), onread };
    if (secure === undefined) return net.connect(to);
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    return secure.connect({ ...to, ...tls, ...servername, ALPNProtocols: ['http/1.1'] });
  };
  return createDirectReads(open, timeouts);
}

function openAgent({ url, tls }: DirectOptions): Agent | SecureAgent {
  // `import` of node:http would load Node's copy of undici for the WebSocket among its exports: 45 ms.
  if (url.protocol === 'http:') return new (process.getBuiltinModule('node:http').Agent)({ keepAlive: true });
  return new (process.getBuiltinModule('node:https').Agent)({ keepAlive: true, ...tls });
}
