// Calls of Azure's resource manager: one origin, one token, and operations that answer later at an address of the same origin.
// https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/async-operations
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../errors.ts';
import type { Secret } from '../telemetry/secret.ts';
import { type AzureIdentity, azureEndpoints } from './azure.ts';
import { azureToken, type AzureToken } from './azure-token.ts';
import { callJson, isRecord, type JsonAnswer } from './json-call.ts';
import { statusError } from './status-error.ts';

/** `body` is empty where there is none. */
type ResourceAnswer = { status: number; body: Readonly<Record<string, unknown>>; date: string | undefined };

type ResourceCall = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root, with `api-version`. */
  path: string;
  body?: unknown;
  /** In words for errors: `make a password of token pull`. */
  what: string;
  /** What to do about a refusal. */
  hint: string;
};

export type ResourceManager = {
  /** @throws TransshipError whose details have the `status` and the manager's own word for it as `reason`: `RoleAssignmentExists` */
  call(call: ResourceCall): Promise<ResourceAnswer>;
  /** What a collection has, over all its pages. */
  list(call: Omit<ResourceCall, 'method' | 'body'>): Promise<Readonly<Record<string, unknown>>[]>;
};

type Surroundings = {
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** Of a login before, in place of one more. */
  token?: Secret | undefined;
};

const LONGEST_WAIT_MS = 120_000;
const DEFAULT_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 15_000;
const MOST_PAGES = 1_000;
/** Lists of role assignments come in one page: 4000 of a subscription, with conditions. */
const MOST_BYTES = 32 * 1024 * 1024;

/** For whoever opens it more than once. @throws TransshipError */
export function resourceManagerToken(identity: AzureIdentity, surroundings: Surroundings): Promise<AzureToken> {
  const base = new URL(azureEndpoints(identity).resourceManager);
  return azureToken(identity, [`${base.origin}/.default`], surroundings);
}

/** Logs in once, or not at all with a token. @throws TransshipError */
export async function openResourceManager(
  identity: AzureIdentity,
  surroundings: Surroundings,
): Promise<ResourceManager> {
  const base = new URL(azureEndpoints(identity).resourceManager);
  const token = surroundings.token ?? (await resourceManagerToken(identity, surroundings)).token;
  const { env, signal } = surroundings;
  const send = (method: ResourceCall['method'], url: URL, { what, body }: ResourceCall): Promise<JsonAnswer> =>
    callJson({
      method,
      url,
      headers: {
        authorization: `Bearer ${token.reveal()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      what: `Azure: ${what}`,
      mostBytes: MOST_BYTES,
      env,
      signal,
    });

  const finish = async (first: JsonAnswer, call: ResourceCall): Promise<ResourceAnswer> => {
    let answer = first;
    const until = Date.now() + LONGEST_WAIT_MS;
    while (answer.status === 202) {
      if (Date.now() > until) throw late(call);
      const next = sameOrigin(answer.headers['location'], base, call);
      await pause(answer, signal);
      answer = await send('GET', next, { ...call, body: undefined });
    }
    return finished(answer, call);
  };

  return {
    call: async (call) => finish(await send(call.method, new URL(call.path, base), call), call),
    async list(listed) {
      const call = { ...listed, method: 'GET' as const };
      const found: Readonly<Record<string, unknown>>[] = [];
      let next: URL | undefined = new URL(call.path, base);
      for (let pages = 0; next !== undefined; pages += 1) {
        if (pages > MOST_PAGES) throw late(call);
        const { body } = await finish(await send('GET', next, call), call);
        if (Array.isArray(body['value'])) found.push(...body['value'].filter(isRecord));
        next = typeof body['nextLink'] === 'string' ? sameOrigin(body['nextLink'], base, call) : undefined;
      }
      return found;
    },
  };
}

/** An address of another origin would get our token: it is refused. */
function sameOrigin(address: string | undefined, base: URL, { what }: ResourceCall): URL {
  const next = URL.parse(address ?? '', base.href);
  if (next !== null && address !== undefined && next.origin === base.origin) return next;
  throw new TransshipError(
    'egress-denied',
    `Azure: ${what}: the result is to be fetched from an address that is not of ${base.host}`,
    {
      hint: 'look whether a proxy answers in place of Azure',
      details: { operation: what, host: base.host },
    },
  );
}

async function pause({ headers }: JsonAnswer, signal: AbortSignal | undefined): Promise<void> {
  const told = headers['retry-after'] ?? '';
  const ms = /^\d{1,6}$/.test(told) ? Number(told) * 1000 : DEFAULT_PAUSE_MS;
  await sleep(Math.min(ms, LONGEST_PAUSE_MS), undefined, signal === undefined ? {} : { signal });
}

function finished({ status, headers, body }: JsonAnswer, { what, hint, method }: ResourceCall): ResourceAnswer {
  const isDone = status === 200 || status === 201;
  const mayBeEmpty = method === 'DELETE' && (isDone || status === 204);
  if ((isDone && body !== undefined) || mayBeEmpty) return { status, body: body ?? {}, date: headers['date'] };
  if (isDone) {
    throw new TransshipError('invalid-response', `Azure: ${what}: the answer is not a JSON object`, {
      hint: 'look whether a proxy answers in place of Azure',
      retryable: true,
      details: { operation: what, status },
    });
  }
  const error = isRecord(body?.['error']) ? body['error'] : {};
  const reason = typeof error['code'] === 'string' ? error['code'] : undefined;
  throw statusError({ what: `Azure: ${what}`, status, reason, hint });
}

function late({ what }: ResourceCall): TransshipError {
  return new TransshipError('timeout', `Azure: ${what}: there is no result after ${LONGEST_WAIT_MS / 1000} s`, {
    hint: 'try again later',
    retryable: true,
    details: { operation: what },
  });
}
