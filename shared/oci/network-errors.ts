// Turns what a socket, TLS or the HTTP client throws into typed errors that name registry and operation.
import { TransshipError, isTransshipError, messageOf } from '../errors.ts';
import type { Place } from './located-error.ts';
import { detailsOf, nameOf } from './located-error.ts';

type Call = Place & { url: URL };

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
  const reason = code === undefined ? messageOf(error) : explain(code);
  return new TransshipError('connection-failed', `${what}: ${call.url.host}: ${reason}`, {
    retryable: code !== 'ENOTFOUND',
    details,
    cause: error,
    hint: hintFor(code, call.url.host),
  });
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
