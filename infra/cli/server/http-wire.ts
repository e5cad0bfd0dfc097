// The API over HTTP: to a server that was named, or to the one that owns the data folder, through its socket.
import { request as sendHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as sendHttps } from 'node:https';
import { rootCertificates } from 'node:tls';
import { isTransshipError, messageOf, TransshipError } from '../../../shared/errors.ts';
import type { Secret } from '../../../shared/telemetry/secret.ts';
import type { Wire } from './wire.ts';

export type ServerAddress = {
  /** `http` or `https`; a path stands before those of the API. */
  url: URL;
  token?: Secret;
  /** PEM texts, trusted beside the usual ones. */
  certificateAuthorities?: readonly string[];
};

type Options = Omit<RequestOptions, 'headers'> & { headers?: Record<string, string>; ca?: string[] };

const CONNECT_MS = 10_000;
/** No request of a command makes a server think that long; a stream says every few seconds that it is there. */
const SILENCE_MS = 60_000;

/** @throws TransshipError connection-failed from `send` */
export function httpWire({ url, token, certificateAuthorities = [] }: ServerAddress): Wire {
  const base = url.pathname.replace(/\/$/, '');
  const options: Options = {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token.reveal()}` } }),
    ...(certificateAuthorities.length === 0 ? {} : { ca: [...rootCertificates, ...certificateAuthorities] }),
  };
  return wire(url.origin + base, 'check the address, and that transship serve runs there', options, base);
}

/** @throws TransshipError connection-failed from `send` */
export function socketWire(socketPath: string): Wire {
  return wire(`the server behind ${socketPath}`, 'start it: transship serve', { socketPath }, '');
}

function wire(place: string, hint: string, options: Options, base: string): Wire {
  return {
    place,
    isServer: true,
    async send({ method, path, headers, body }, signal) {
      const request = { ...options, method, path: base + path, agent: false, signal };
      const answer = await roundTrip(request, { ...headers }, body).catch((error: unknown) => {
        if (signal.aborted) throw signal.reason;
        throw new TransshipError(
          'connection-failed',
          `${place} can't be reached: ${messageOf(error) || codeOf(error)}`,
          {
            hint,
            details: { systemError: codeOf(error) },
            cause: error,
          },
        );
      });
      return { status: answer.statusCode ?? 0, body: answer };
    },
    close: () => Promise.resolve(),
  };
}

/** True for a failure that says that nobody listens there. */
export function isNobodyThere(error: unknown): boolean {
  const system = isTransshipError(error, 'connection-failed') ? error.details['systemError'] : undefined;
  return system === 'ENOENT' || system === 'ECONNREFUSED';
}

function roundTrip(
  options: Options,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = options.protocol === 'https:' ? sendHttps : sendHttp;
  const request = send({ ...options, headers: { ...options.headers, ...headers } }, resolve);
  request.on('error', reject);
  const connecting = setTimeout(
    () => request.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)),
    CONNECT_MS,
  );
  request.on('socket', (socket) => {
    socket.on('connect', () => clearTimeout(connecting));
    socket.setTimeout(SILENCE_MS, () => request.destroy(new Error(`silent for ${SILENCE_MS / 1000} s`)));
  });
  request.on('close', () => clearTimeout(connecting));
  request.end(body);
  return promise;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
