// A registry as the rest of the library sees it: one `send` that finds the scheme, logs in, keeps to limits, follows redirects,
// retries what may be retried, and turns every other answer into a typed error.
import { TransshipError, isTransshipError, messageOf } from '../errors.ts';
import type { Authorizer } from './auth/authorization.ts';
import { createBandwidth } from './http/bandwidth.ts';
import type { Connection } from './http/connection.ts';
import { openConnection } from './http/connection.ts';
import type { Credential } from './auth/credential.ts';
import { originOf } from './egress/egress-policy.ts';
import { withoutLogin } from './echoed-login.ts';
import { saysLoginEnded } from './ended-login.ts';
import { checkUrl } from './egress/egress-guard.ts';
import type { Place } from './located-error.ts';
import { located } from './located-error.ts';
import { readQuota } from './quota.ts';
import type { Quota } from './quota.ts';
import { follow, headersFor } from './http/redirects.ts';
import type { FollowedResponse } from './http/redirects.ts';
import { showServerMessage } from './registry-error-body.ts';
import { errorFromResponse } from './registry-errors.ts';
import { registryResponse } from './registry-response.ts';
import type { RegistryPort, RegistryRequest, RegistryResponse } from './registry-request.ts';
import type { RegistryRuntime, RegistrySettings } from './registry-settings.ts';
import { retryDelayMs, sleep } from './http/retry.ts';
import { createThrottle } from './http/throttle.ts';
import type { Throttle } from './http/throttle.ts';
import { unquoteWarning } from './warning.ts';

export type RegistryClient = RegistryPort & {
  /** What all requests to the registry keep to, those beside its own API among them. */
  readonly throttle: Throttle;
  /** What is known without asking: the login for the registry as a whole, once it was needed, and what the registry said of a quota. */
  known(): { credential?: Credential; quota?: Quota };
  close(): Promise<void>;
};

const MOST_ERROR_BYTES = 64 * 1024;
/** A registry that never answered is more likely misspelt than restarting. */
const TRIES_BEFORE_FIRST_ANSWER = 3;
/** A registry that warns differently each time is not shown for ever. */
const MOST_WARNINGS = 20;
/** What an upload is expected to reach at least, to know how long its token must live. */
const SLOW_UPLOAD_BYTES_PER_MS = 2 * 1024;

/** Opens no connection before the first request. */
export function createRegistryClient(settings: RegistrySettings, runtime: RegistryRuntime): RegistryClient {
  const { traits, requestsPerSecond, bandwidthBytesPerSecond } = settings;
  const throttle = createThrottle(traits, runtime.now, runtime.retries.longestRetryAfterMs, requestsPerSecond);
  const warned = new Set<string>();
  let answered = false;
  let quota: Quota | undefined;
  let connected: Connection | undefined;
  let opened: Promise<Connection> | undefined;
  // A registry that was down is asked anew, not remembered as unreachable.
  const connection = () => (opened ??= openConnection(settings, runtime).catch(forgetConnection));

  return {
    host: settings.host,
    traits,
    throttle,
    ...(bandwidthBytesPerSecond === undefined ? {} : { pace: createBandwidth(bandwidthBytesPerSecond) }),
    async send(request) {
      for (let tried = 1; ; tried += 1) {
        try {
          return await attempt(request);
        } catch (error) {
          const delayMs = delayBeforeRetry(error, request, tried);
          if (delayMs === undefined) throw located(error, placeOf(request));
          runtime.onRetry?.({
            registry: settings.host,
            operation: request.operation,
            delayMs,
            code: isTransshipError(error) ? error.code : 'internal',
            reason: messageOf(error),
          });
          await sleep(delayMs, request.signal);
        }
      }
    },
    known() {
      const credential = connected?.authorizer.login();
      return { ...(credential === undefined ? {} : { credential }), ...(quota === undefined ? {} : { quota }) };
    },
    async close() {
      await (await opened?.catch(() => undefined))?.transport.close();
    },
  };

  function forgetConnection(error: unknown): never {
    opened = undefined;
    throw error;
  }

  async function attempt(request: RegistryRequest): Promise<RegistryResponse> {
    connected = await connection();
    const { baseUrl, authorizer, policy, transport } = connected;
    const leave = await throttle.enter(request.action, request.signal);
    let pushedBack = false;
    let sent: string | undefined;
    try {
      const answer = await authorized(request, urlOf(request.target, baseUrl), authorizer);
      answered = true;
      quota = readQuota(answer.headers, runtime.now) ?? quota;
      warn(answer, sent);
      if (request.expect.includes(answer.status)) {
        leave('accepted');
        return registryResponse(answer, request, settings.host);
      }
      const error = await errorOf(answer, request, sent);
      pushedBack = answer.status === 429 || answer.status === 503;
      if (pushedBack && error.retryAfterMs !== undefined) throttle.holdFor(error.retryAfterMs);
      throw error;
    } catch (error) {
      leave(pushedBack ? 'throttled' : 'failed');
      throw error;
    }

    async function authorized(request: RegistryRequest, url: URL, authorizer: Authorizer): Promise<FollowedResponse> {
      const scopes = request.scopes ?? [];
      const own = originOf(url) === originOf(baseUrl);
      if (request.login === 'basic') {
        return exchange(request, url, own ? await authorizer.ownHeader(request.repository) : undefined);
      }
      for (let retried = false; ;) {
        const header = own ? await authorizer.authorize(scopes, { minimumLifeMs: lifeFor(request) }) : undefined;
        const answer = await exchange(request, url, header);
        if (originOf(answer.url) !== originOf(baseUrl)) return answer;
        const isRefused = answer.status === 401 || (!retried && (await isLoginOver(answer, request, header)));
        if (!isRefused) return answer;
        await answer.body.dump({ limit: MOST_ERROR_BYTES });
        // What logging in costs is not the work's own.
        if (request.meter !== undefined) request.meter.requests -= 1;
        const verdict = await authorizer.challenged(answer.headers['www-authenticate'], scopes, header, retried);
        if (verdict === 'give-up') throw authorizer.refusal(scopes, request.operation);
        if (!isReplayable(request)) throw loginExpired(request);
        // A 401 to a request without credentials is how every login starts, and no failure of one.
        retried ||= header !== undefined;
      }
    }

    /** What has no body (an answer to HEAD) does not tell: the root of the API is asked as well, which every login may read. */
    async function isLoginOver(
      { status }: FollowedResponse,
      { repository, signal }: RegistryRequest,
      header: string | undefined,
    ): Promise<boolean> {
      if (header === undefined || status === 401 || status !== traits.login.endedStatus) return false;
      const asked: RegistryRequest = {
        operation: 'look whether the login has ended',
        action: 'head',
        method: 'GET',
        target: '/v2/',
        expect: [200],
        ...(repository === undefined ? {} : { repository }),
        ...(signal === undefined ? {} : { signal }),
      };
      const answer = await exchange(asked, urlOf('/v2/', baseUrl), header);
      const body = await registryResponse(answer, asked, settings.host).prefix(MOST_ERROR_BYTES);
      return answer.status === status && saysLoginEnded(body);
    }

    async function exchange(request: RegistryRequest, url: URL, header: string | undefined): Promise<FollowedResponse> {
      const headers = requestHeaders(request, runtime.userAgent);
      const body = bodyOf(request);
      const call = {
        method: request.method,
        url,
        headers,
        ...(body === undefined ? {} : { body, lends: doesLend(request) }),
        ...(request.buffers === undefined ? {} : { buffers: request.buffers }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
        wait: request.action === 'upload' ? ('commit' as const) : ('response' as const),
        ...placeOf(request),
      };
      if (request.meter !== undefined) request.meter.requests += 1;
      sent = header ?? sent;
      const follows = request.followRedirects ?? (request.method === 'GET' || request.method === 'HEAD');
      if (follows) return follow(call, header, policy, transport);
      const trust = checkUrl(url, 'location', policy);
      return {
        ...(await transport.exchange({ ...call, headers: headersFor(url, headers, header, policy), trust })),
        url,
      };
    }
  }

  function placeOf({ repository, operation }: RegistryRequest): Place {
    return { registry: settings.host, ...(repository === undefined ? {} : { repository }), operation };
  }

  function loginExpired(request: RegistryRequest): TransshipError {
    return new TransshipError(
      'upload-lost',
      `${settings.host}: ${request.operation} failed: the login ran out on the way`,
      {
        retryable: true,
        hint: 'the registry gives tokens of a short life; the blob is sent again with a new one',
        details: { registry: settings.host, operation: request.operation },
      },
    );
  }

  /** `sent` is the login that the registry was shown, and may repeat. */
  async function errorOf(
    answer: FollowedResponse,
    request: RegistryRequest,
    sent: string | undefined,
  ): Promise<TransshipError> {
    const body = await registryResponse(answer, request, settings.host).prefix(MOST_ERROR_BYTES);
    return errorFromResponse({
      registry: settings.host,
      ...(request.repository === undefined ? {} : { repository: request.repository }),
      operation: request.operation,
      method: request.method,
      status: answer.status,
      headers: answer.headers,
      body: sent === undefined ? body : Buffer.from(withoutLogin(Buffer.from(body).toString('utf8'), sent)),
      now: new Date(runtime.now()),
    });
  }

  function delayBeforeRetry(error: unknown, request: RegistryRequest, tried: number): number | undefined {
    if (!isTransshipError(error) || !error.retryable) return undefined;
    const tries = answered ? runtime.retries.tries : Math.min(runtime.retries.tries, TRIES_BEFORE_FIRST_ANSWER);
    if (tried >= tries || !isReplayable(request) || request.signal?.aborted === true) return undefined;
    const retryAfterMs = error.retryAfterMs ?? 0;
    if (retryAfterMs > runtime.retries.longestRetryAfterMs) return undefined;
    return retryDelayMs(runtime.retries, tried, retryAfterMs, runtime.random);
  }

  function warn(answer: FollowedResponse, sent: string | undefined): void {
    const warning = unquoteWarning(answer.headers['warning']);
    const text = warning === undefined ? undefined : withoutLogin(warning, sent);
    if (text === undefined || warned.has(text) || warned.size >= MOST_WARNINGS) return;
    runtime.onWarning?.({ registry: settings.host, message: showServerMessage(text) });
    warned.add(text);
  }
}

function urlOf(target: string | URL, baseUrl: URL): URL {
  if (target instanceof URL) return target;
  return new URL(baseUrl.pathname.replace(/\/$/, '') + target, baseUrl);
}

function requestHeaders(request: RegistryRequest, userAgent: string): Record<string, string> {
  const headers: Record<string, string> = {
    'user-agent': userAgent,
    'accept-encoding': 'identity',
    ...request.headers,
  };
  if (request.body !== undefined && !(request.body instanceof Uint8Array)) {
    headers['content-length'] = String(request.body.sizeBytes);
  }
  if (request.body === undefined && request.method === 'POST') headers['content-length'] = '0';
  return headers;
}

function bodyOf(request: RegistryRequest): Uint8Array | AsyncIterable<Uint8Array> | undefined {
  if (request.body === undefined || request.body instanceof Uint8Array) return request.body;
  return request.body.open();
}

function doesLend({ body }: RegistryRequest): boolean {
  return body !== undefined && !(body instanceof Uint8Array) && body.lends === true;
}

function isReplayable(request: RegistryRequest): boolean {
  if (request.body !== undefined && !(request.body instanceof Uint8Array) && !request.body.replayable) return false;
  return request.replayable ?? request.method !== 'PATCH';
}

function lifeFor(request: RegistryRequest): number {
  if (request.body === undefined) return 0;
  const sizeBytes = request.body instanceof Uint8Array ? request.body.byteLength : request.body.sizeBytes;
  return sizeBytes / SLOW_UPLOAD_BYTES_PER_MS;
}
