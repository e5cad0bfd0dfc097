// The connections of one origin that is reached without a proxy: bodies of blobs come past every HTTP client into memory that is
// used again, all else goes by Node's own. The same rules hold for both: TLS, resolved addresses, limits of time.
import type { Agent } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import type { OnReadOpts, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { DirectReads } from './direct-read.ts';
import type { Lookup } from '../egress/egress-guard.ts';
import { guardedLookup } from '../egress/egress-guard.ts';
import type { EgressTrust } from '../egress/egress-policy.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';
import { sendRequest } from './node-request.ts';
import type { Timeouts } from './timeouts.ts';

export type DirectOptions = {
  url: URL;
  trust: EgressTrust;
  tls: { secureContext?: SecureContext };
  timeouts: Timeouts;
  lookup: Lookup | undefined;
};

export type OriginConnections = {
  exchange(call: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
};

/** Less than the 15 s after which some load balancers close what waits. */
const IDLE_MS = 10_000;

/** Opens nothing before the first call. */
export function openDirectly(options: DirectOptions): OriginConnections {
  const { url, trust, tls, timeouts, lookup } = options;
  const connections = { agent: createAgent(url, tls), lookup: guardedLookup(trust, lookup) };
  let reads: Promise<DirectReads> | undefined;
  let isClosed = false;

  return {
    async exchange(call) {
      if (call.buffers !== undefined && call.method === 'GET') {
        reads ??= openReads(options);
        const answer = await (await reads).exchange(call, call.buffers);
        if (answer !== undefined) return answer;
      }
      // What is still under way behind a command that has ended must not open a connection anew.
      if (isClosed) throw Object.assign(new Error('the connections are closed'), { code: 'ERR_CLOSED' });
      return sendRequest(call, connections, timeouts);
    },
    async close() {
      isClosed = true;
      connections.agent.destroy();
      (await reads)?.close();
    },
  };
}

function createAgent(url: URL, tls: DirectOptions['tls']): Agent | SecureAgent {
  const kept = { keepAlive: true, timeout: IDLE_MS };
  if (url.protocol === 'http:') return new (process.getBuiltinModule('node:http').Agent)(kept);
  return new (process.getBuiltinModule('node:https').Agent)({ ...kept, ...tls });
}

async function openReads({ url, trust, tls, timeouts, lookup }: DirectOptions): Promise<DirectReads> {
  const { createDirectReads } = await import('./direct-read.ts');
  const net = process.getBuiltinModule('node:net');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:' ? process.getBuiltinModule('node:tls') : undefined;
  const port = url.port === '' ? (secure === undefined ? 80 : 443) : Number(url.port);
  const open = (onread: OnReadOpts): Socket => {
    const to = { host, port, lookup: guardedLookup(trust, lookup), onread };
    if (secure === undefined) return net.connect(to);
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    return secure.connect({ ...to, ...tls, ...servername, ALPNProtocols: ['http/1.1'] });
  };
  return createDirectReads(open, timeouts);
}
