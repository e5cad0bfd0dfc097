// Calls of the interfaces that vendors have beside the registry's own, where credentials are made: JSON over our own transport. What is
// sent goes to the one origin that the configuration or the vendor's file names, no redirect is followed, and no answer reaches an error.
import { TransshipError, isTransshipError, type ErrorCode } from '../errors.ts';
import { checkUrl } from '../oci/egress/egress-guard.ts';
import { originOf } from '../oci/egress/egress-policy.ts';
import type { HttpResponse } from '../oci/http/http-exchange.ts';
import { readUpTo } from '../oci/registry-response.ts';
import { parseRetryAfter } from '../oci/http/retry-after.ts';
import { DEFAULT_RETRIES, retryDelayMs, sleep, type RetryPolicy } from '../oci/http/retry.ts';
import { DEFAULT_TIMEOUTS } from '../oci/http/timeouts.ts';
import { createTransport } from '../oci/http/transport.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { IssuerPlace } from './vendor.ts';

type ApiRequest = {
  /** What is being done, in words for errors: "look up robot". */
  operation: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root of the interface, with its query, escaped. */
  path: string;
  /** Sent to the origin of the interface only. */
  headers?: Readonly<Record<string, string | Secret>>;
  /** Sent as JSON, or as a form where it is one. */
  body?: unknown;
  expect: readonly number[];
  /** Sent again after a failure on the way; GET is by default. */
  replayable?: boolean;
  /** What to do about a refusal, where more is known than the status tells. */
  hints?: Partial<Record<ErrorCode, string>>;
  signal?: AbortSignal;
};

/** `json` is undefined for an empty body; `clockAt` is what the server's clock showed, ours where it does not say. */
export type ApiAnswer = { status: number; json: unknown; clockAt: Date };

export type VendorApi = {
  /** `host[:port]` of the interface. */
  readonly host: string;
  /**
   * @throws TransshipError unauthorized, denied, not-found, too-many-requests, registry-unavailable, registry-error, invalid-response,
   * connection-failed, tls-failed, timeout, egress-denied
   */
  send(request: ApiRequest): Promise<ApiAnswer>;
};

export type ApiPlace = IssuerPlace & { retries?: Partial<RetryPolicy> };

const MOST_BYTES = 4 * 1024 * 1024;
const TRIES = 3;
/** Whoever distributes credentials has a plan of its own for a provider that asks for more time. */
const LONGEST_RETRY_AFTER_MS = 10_000;

/** `base` may have a path, to which those of the requests are added. Opens no connection before the first request. */
export function vendorApi(place: ApiPlace, base: URL): VendorApi {
  const retries = { ...DEFAULT_RETRIES, tries: TRIES, longestRetryAfterMs: LONGEST_RETRY_AFTER_MS, ...place.retries };
  return {
    host: base.host,
    async send(request) {
      for (let tried = 1; ; tried += 1) {
        try {
          return await exchange(place, base, request);
        } catch (error) {
          const delayMs = delayBeforeRetry(error, request, tried, retries);
          if (delayMs === undefined) throw error;
          await sleep(delayMs, request.signal);
        }
      }
    },
  };
}

/** The interface on the registry's own host. */
export function ownApi(place: ApiPlace): VendorApi {
  return vendorApi(place, new URL(`${place.plainHttp === true ? 'http' : 'https'}://${place.host}`));
}

function delayBeforeRetry(
  error: unknown,
  { method, replayable = method === 'GET', signal }: ApiRequest,
  tried: number,
  policy: RetryPolicy,
): number | undefined {
  if (!isTransshipError(error) || !error.retryable || !replayable || tried >= policy.tries || signal?.aborted === true)
    return undefined;
  const retryAfterMs = error.retryAfterMs ?? 0;
  if (retryAfterMs > policy.longestRetryAfterMs) return undefined;
  return retryDelayMs(policy, tried, retryAfterMs, Math.random);
}

async function exchange(place: ApiPlace, base: URL, request: ApiRequest): Promise<ApiAnswer> {
  const { method, operation, body, signal } = request;
  const url = new URL(base.href.replace(/\/$/, '') + request.path);
  const trust = checkUrl(url, 'registry', { registryUrl: base, trustedHosts: [] });
  const { certificateAuthorities: own = [], ...material } = (await place.material?.()) ?? {};
  const transport = createTransport({
    origin: originOf(base),
    certificateAuthorities: [...(place.certificateAuthorities ?? []), ...own],
    ...material,
    proxies: place.env,
    timeouts: { ...DEFAULT_TIMEOUTS, ...place.timeouts },
  });
  try {
    const answer = await transport.exchange({
      method,
      url,
      headers: headersOf(request),
      ...(body === undefined
        ? {}
        : { body: Buffer.from(body instanceof URLSearchParams ? body.toString() : JSON.stringify(body)) }),
      ...(signal === undefined ? {} : { signal }),
      wait: 'response',
      trust,
      registry: place.host,
      operation,
    });
    if (!request.expect.includes(answer.status)) {
      await answer.body.dump();
      throw refusal(place.host, base.host, request, answer);
    }
    const bytes = await readUpTo(answer.body, MOST_BYTES, { url, registry: place.host, operation });
    return { status: answer.status, json: parsed(bytes, place.host, base.host, operation), clockAt: clockOf(answer) };
  } finally {
    await transport.close();
  }
}

function headersOf({ headers = {}, body }: ApiRequest): Record<string, string> {
  const revealed = Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : value.reveal(),
  ]);
  return {
    'user-agent': 'transship',
    accept: 'application/json',
    'accept-encoding': 'identity',
    ...(body === undefined
      ? {}
      : { 'content-type': `application/${body instanceof URLSearchParams ? 'x-www-form-urlencoded' : 'json'}` }),
    ...Object.fromEntries(revealed),
  };
}

function clockOf({ headers }: HttpResponse): Date {
  const date = new Date(headers['date'] ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? new Date() : date;
}

function parsed(bytes: Uint8Array, registry: string, host: string, operation: string): unknown {
  if (bytes.byteLength === 0) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return value;
  } catch {
    // The parser's message quotes what may be a token.
    throw unusableAnswer({ registry, host, operation, reason: 'the answer is not JSON' });
  }
}

/** An answer that is not as it is documented. */
export function unusableAnswer(at: {
  registry: string;
  host: string;
  operation: string;
  reason: string;
}): TransshipError {
  const { registry, host, operation, reason } = at;
  return new TransshipError('invalid-response', `${registry}: ${operation} failed: ${host}: ${reason}`, {
    hint: `check that ${host} is the right address, and that no proxy answers in its place`,
    details: { registry, operation, host },
  });
}

const CODES = new Map<number, ErrorCode>([
  [401, 'unauthorized'],
  [403, 'denied'],
  [404, 'not-found'],
  [408, 'timeout'],
  [429, 'too-many-requests'],
]);

function refusal(
  registry: string,
  host: string,
  { operation, hints }: ApiRequest,
  { status, headers }: HttpResponse,
): TransshipError {
  // GitHub's limits of requests answer 403, too. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
  const isLimit = status === 403 && (headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined);
  const known: ErrorCode | undefined = isLimit ? 'too-many-requests' : CODES.get(status);
  const code = known ?? (status >= 500 ? 'registry-unavailable' : 'registry-error');
  const retryable = code === 'too-many-requests' || code === 'registry-unavailable' || code === 'timeout';
  const retryAfterMs = retryable ? parseRetryAfter(headers['retry-after'], new Date()) : undefined;
  const place = host === registry ? '' : ` ${host}`;
  return new TransshipError(code, `${registry}: ${operation} failed:${place} answered ${status}`, {
    hint: hints?.[code] ?? hintFor(code, host),
    retryable,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: { registry, operation, status, host },
  });
}

function hintFor(code: ErrorCode, host: string): string {
  if (code === 'unauthorized') return `check that the login for ${host} is still valid`;
  if (code === 'denied') return `the login for ${host} lacks a right that this needs`;
  if (code === 'not-found') return `check the names and IDs in the credential of this registry`;
  if (code === 'registry-error') return `check the address of ${host} and its version`;
  return `${host} is busy or has a problem of its own: try again later`;
}
