// Lets requests in: through the door that others reach, at the address for API servers, and for commands of the owner at the socket of
// the data folder.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { chmodSync } from 'node:fs';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { ApiBindings, Peer } from '../../../functions/http-api/api-deps.ts';
import { problemOf, problemResponse } from '../../../functions/http-api/problem.ts';
import { asOwnerAlone, preparePlace } from '../http/admin-socket.ts';
import { startHttpServer, type HttpServer, type TlsMaterial } from '../http/http-server.ts';
import type { Door } from './door.ts';

export type ListenOptions = {
  /** The application, as Hono has it. */
  fetch: (request: Request, bindings: ApiBindings) => Response | Promise<Response>;
  door: Door;
  socketPath: string;
  dataDir: string;
  /** The address for API servers, and what answers there. */
  admission?: AdmissionOptions | undefined;
};

type AdmissionOptions = {
  fetch: ListenOptions['fetch'];
  listen: { host: string; port: number };
  tls: TlsMaterial | undefined;
};

export type Listening = {
  url: string;
  useCertificate: (tls: TlsMaterial) => void;
  /** The same at the address for API servers. */
  useAdmissionCertificate: (tls: TlsMaterial) => void;
  /** Of the address for API servers, where there is one. */
  admissionPort: number | undefined;
  /** Takes no more connections; resolves when every answer under way is out. */
  drain: () => Promise<void>;
  /** Cuts what is left. */
  cut: () => void;
};

/** @throws TransshipError invalid-config where the address or the socket cannot be had */
export async function startListening(options: ListenOptions): Promise<Listening> {
  const { fetch, door } = options;
  const open = await door.listening;
  const admin = await listenOnSocket(options);
  const admission = options.admission === undefined ? undefined : await listenToApiServers(options.admission);
  const all = [open, admin, ...(admission === undefined ? [] : [admission])];
  door.open(listener(fetch, remotePeer));
  return {
    url: await door.url(),
    useCertificate: open.useCertificate,
    useAdmissionCertificate: (tls) => admission?.useCertificate(tls),
    admissionPort: admission?.port,
    drain: async () => void (await Promise.all(all.map((server) => server.drain()))),
    cut() {
      for (const server of all) server.cut();
    },
  };
}

async function listenOnSocket({ fetch, socketPath, dataDir }: ListenOptions): Promise<HttpServer> {
  preparePlace(socketPath, dataDir);
  const onRequest = listener(fetch, ownerPeer);
  // the socket is made before the call returns
  const server = await asOwnerAlone(() => startHttpServer({ listen: { path: socketPath }, onRequest }));
  chmodSync(socketPath, 0o600);
  return server;
}

/** An API server is one address, and its namespaces may come by the hundred. */
function listenToApiServers({ fetch, listen, tls }: AdmissionOptions): Promise<HttpServer> {
  const isCertified = tls?.clientAuthority !== undefined;
  const peerOf = (incoming: Pick<IncomingMessage, 'socket'>): Peer => ({ ...remotePeer(incoming), isCertified });
  const onRequest = listener(fetch, peerOf);
  return startHttpServer({ listen, tls, behindProxy: true, key: 'api.admission.listen', onRequest });
}

function listener(fetch: ListenOptions['fetch'], peerOf: (incoming: Pick<IncomingMessage, 'socket'>) => Peer) {
  const answer = getRequestListener((request, { incoming }) => fetch(request, { peer: peerOf(incoming) }), {
    // what never gets to the application, which answers for all else
    errorHandler: (error) => problemResponse(error instanceof RequestError ? NO_REQUEST : problemOf(error)),
  });
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => void answer(incoming, outgoing);
}

const NO_REQUEST = {
  status: 400,
  code: 'invalid-request',
  detail: 'the request has no Host header, or no path that is one',
} as const;

function remotePeer({ socket }: Pick<IncomingMessage, 'socket'>): Peer {
  // an IPv4 client of a socket for both families
  return { address: (socket.remoteAddress ?? '').replace(/^::ffff:(?=[\d.]+$)/, ''), isOwner: false };
}

function ownerPeer(): Peer {
  return { address: '', isOwner: true };
}
