// Turns what a socket, TLS or the HTTP client throws into typed errors that name the cluster, and tells whether anything can have arrived.
import { isTransshipError, messageOf, TransshipError } from '../errors.ts';

const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/;
/** OpenSSL's own words, in either direction: an alert of the server, or something that is not TLS. */
const TLS = /^(ERR_SSL_|ERR_OSSL_|EPROTO$)/;
/** No connection was there, so that nothing was sent. */
const UNREACHED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_CONNECT_TIMEOUT',
]);
const TIMEOUTS = new Set(['ETIMEDOUT', 'ERR_CONNECT_TIMEOUT', 'ERR_ANSWER_TIMEOUT', 'ERR_BODY_TIMEOUT']);

export type NetworkCall = { cluster: string; operation: string; host: string; signal?: AbortSignal };

/** An error of a time limit, to destroy a request with. */
export function timedOut(code: 'ERR_CONNECT_TIMEOUT' | 'ERR_ANSWER_TIMEOUT' | 'ERR_BODY_TIMEOUT'): Error {
  return Object.assign(new Error('no answer in time'), { code });
}

/** True where the request cannot have reached the API server. */
export function wasNotSent(error: unknown): boolean {
  const code = isTransshipError(error) ? error.details['systemCode'] : systemCode(error);
  return typeof code === 'string' && (UNREACHED.has(code) || CERTIFICATE.test(code));
}

/** What to throw for an aborted signal. */
export function interruption(signal: AbortSignal | undefined, cause?: unknown): TransshipError {
  if (isTransshipError(signal?.reason)) return signal.reason;
  return new TransshipError('interrupted', 'interrupted', { cause });
}

/** Wraps a thrown value; a TransshipError passes unchanged. */
export function networkFailure(error: unknown, { cluster, operation, host, signal }: NetworkCall): TransshipError {
  if (isTransshipError(error)) return error;
  if (signal?.aborted === true) return interruption(signal, error);
  const code = systemCode(error);
  const what = `cluster ${cluster}: ${operation} failed`;
  const details = { cluster, operation, host, ...(code !== undefined && { systemCode: code }) };
  const options = { details, cause: error };
  if (code !== undefined && TIMEOUTS.has(code)) {
    return new TransshipError('timeout', `${what}: ${host} did not answer in time`, {
      ...options,
      retryable: true,
      hint: 'the API server or the network is slow or stuck: is its address right, and can it be reached from here?',
    });
  }
  if (code !== undefined && CERTIFICATE.test(code)) {
    return new TransshipError('tls-failed', `${what}: the certificate of ${host} is not trusted (${code})`, {
      ...options,
      hint: 'give the certificate authority of this cluster, as kubectl config view --raw shows it',
    });
  }
  if (code !== undefined && TLS.test(code)) {
    return new TransshipError('tls-failed', `${what}: ${host} and we find no way to speak TLS (${code})`, {
      ...options,
      hint: 'is the port that of an API server? a client certificate that it does not accept looks the same',
    });
  }
  if (code === 'ERR_PROXY_TUNNEL') {
    const status = error instanceof Error && 'statusCode' in error ? ` (status ${String(error.statusCode)})` : '';
    return new TransshipError('connection-failed', `${what}: ${host}: the proxy opens no tunnel to it${status}`, {
      ...options,
      retryable: true,
      hint: 'look at proxy-url in the kubeconfig, or at HTTPS_PROXY with the login that it wants, and NO_PROXY',
    });
  }
  return new TransshipError('connection-failed', `${what}: ${host}: ${explain(code) ?? messageOf(error)}`, {
    ...options,
    retryable: code !== 'ENOTFOUND',
    hint: code === 'ENOTFOUND' ? `check the spelling of ${host} and the DNS here` : `can ${host} be reached from here?`,
  });
}

/** The `code` of an error, looked for through its causes (an AggregateError's first included). */
function systemCode(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth += 1) {
    if ('code' in current && typeof current.code === 'string') return current.code;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}

function explain(code: string | undefined): string | undefined {
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
