// Turns what a socket, TLS or the HTTP client throws into typed errors that name registry and operation.
import { TransshipError, isTransshipError, messageOf } from '../../errors.ts';
import type { Place } from '../located-error.ts';
import { detailsOf, nameOf } from '../located-error.ts';

/** `proxy` is the `host:port` that stands between, without its login. */
type Call = Place & { url: URL; proxy?: string };

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);
const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/;
/** What OpenSSL says when the other side does not speak TLS at all. */
const NOT_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_UNKNOWN_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'EPROTO',
]);

/** Nobody was there to connect to. */
const UNREACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** The `code` of an error, looked for through its causes (an AggregateError's first included). */
function systemCode(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    if ('code' in current && typeof current.code === 'string' && current.code !== 'UND_ERR_SOCKET') return current.code;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}

/** Wraps a thrown value; a TransshipError passes unchanged. */
export function networkError(error: unknown, call: Call, signal?: AbortSignal): TransshipError {
  if (isTransshipError(error)) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  if (isTransshipError(cause)) return cause;
  if (signal?.aborted === true) {
    if (isTransshipError(signal.reason)) return signal.reason;
    return new TransshipError('interrupted', 'interrupted', { cause: error });
  }
  const code = systemCode(error);
  const details = { ...detailsOf(call), host: call.url.host };
  const what = `${nameOf(call)}: ${call.operation} failed`;
  if (code !== undefined && TIMEOUTS.has(code)) {
    return new TransshipError('timeout', `${what}: ${call.url.host} did not answer in time`, {
      retryable: true,
      details,
      cause: error,
      hint: 'the registry or the network is slow or stuck; the operation was given up after the last retry',
    });
  }
  if (code !== undefined && NOT_TLS.has(code)) {
    return new TransshipError('tls-failed', `${what}: ${call.url.host} does not speak TLS`, {
      details,
      cause: error,
      hint: `if ${call.url.host} is meant to be plain HTTP, say so with --plain-http ${call.url.host}`,
    });
  }
  if (code !== undefined && CERTIFICATE.test(code)) {
    return new TransshipError('tls-failed', `${what}: the certificate of ${call.url.host} is not trusted (${code})`, {
      details,
      cause: error,
      hint: 'give the certificate authority of this registry with --ca-file FILE',
    });
  }
  const atProxy = call.proxy === undefined ? undefined : proxyFailure(error, code);
  if (atProxy !== undefined) {
    return new TransshipError('connection-failed', `${what}: the proxy ${call.proxy}: ${atProxy.reason}`, {
      retryable: code !== 'ENOTFOUND',
      details: { ...details, proxy: call.proxy },
      cause: error,
      hint: atProxy.hint,
    });
  }
  const reason = code === undefined ? messageOf(error) : explain(code);
  return new TransshipError('connection-failed', `${what}: ${call.url.host}: ${reason}`, {
    retryable: code !== 'ENOTFOUND',
    details,
    cause: error,
    hint: hintFor(code, call.url.host),
  });
}

/** What the proxy did, as far as it was the proxy: through one, no connection is made but to it. */
function proxyFailure(error: unknown, code: string | undefined): { reason: string; hint: string } | undefined {
  const look = 'look at HTTPS_PROXY or HTTP_PROXY, or name hosts that are reached without it in NO_PROXY';
  if (code !== undefined && UNREACHED.has(code)) return { reason: explain(code), hint: look };
  // The HTTP client tells the status in words only.
  const [, status] = /^Proxy [^(]*\((\d{3})\)/.exec(messageOf(error)) ?? [];
  if (status === undefined) return undefined;
  const login = 'it wants a login: write it into HTTPS_PROXY or HTTP_PROXY, as http://user:password@host:port';
  return { reason: `it answered ${status} instead of opening a tunnel`, hint: status === '407' ? login : look };
}

function explain(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no such host';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was cut';
    default:
      return code;
  }
}

function hintFor(code: string | undefined, host: string): string {
  if (code === 'ECONNREFUSED') return `is a registry listening on ${host}? check host and port`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `check the spelling of ${host} and the DNS of this machine`;
  return 'the connection broke while it was used; try again, or look at the registry and the network between';
}
