// Calls of Azure's resource manager: one origin, one token, and operations that answer later at an address of the same origin.
// https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/async-operations
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../errors.ts';
import { type AzureIdentity, azureEndpoints } from './azure.ts';
import { azureToken } from './azure-token.ts';
import { callJson, isRecord, type JsonAnswer } from './json-call.ts';
import { statusError } from './status-error.ts';

type ResourceAnswer = { body: Readonly<Record<string, unknown>>; date: string | undefined };

type ResourceCall = {
  method: 'GET' | 'POST';
  /** From the root, with `api-version`. */
  path: string;
  body?: unknown;
  /** In words for errors: `make a password of token pull`. */
  what: string;
  /** What to do about a refusal. */
  hint: string;
};

export type ResourceManager = { call(call: ResourceCall): Promise<ResourceAnswer> };

type Surroundings = { env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined };

const LONGEST_WAIT_MS = 120_000;
const DEFAULT_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 15_000;

/** Logs in once. @throws TransshipError */
export async function openResourceManager(
  identity: AzureIdentity,
  surroundings: Surroundings,
): Promise<ResourceManager> {
  const base = new URL(azureEndpoints(identity).resourceManager);
  const { token } = await azureToken(identity, [`${base.origin}/.default`], surroundings);
  const send = (method: 'GET' | 'POST', url: URL, { what, body }: ResourceCall): Promise<JsonAnswer> =>
    callJson({
      method,
      url,
      headers: {
        authorization: `Bearer ${token.reveal()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      what: `Azure: ${what}`,
      ...surroundings,
    });

  return {
    async call(call) {
      let answer = await send(call.method, new URL(call.path, base), call);
      const until = Date.now() + LONGEST_WAIT_MS;
      while (answer.status === 202) {
        if (Date.now() > until) throw late(call);
        const next = nextAddress(answer, base, call);
        await pause(answer, surroundings.signal);
        answer = await send('GET', next, { ...call, body: undefined });
      }
      return finished(answer, call);
    },
  };
}

/** An address of another origin would get our token: it is refused. */
function nextAddress({ headers }: JsonAnswer, base: URL, { what }: ResourceCall): URL {
  const next = URL.parse(headers['location'] ?? '', base.href);
  if (next !== null && headers['location'] !== undefined && next.origin === base.origin) return next;
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

function finished({ status, headers, body }: JsonAnswer, { what, hint }: ResourceCall): ResourceAnswer {
  if (status === 200 && body !== undefined) return { body, date: headers['date'] };
  if (status === 200) {
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
