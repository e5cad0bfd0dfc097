// A cluster over HTTP: each request is paced, signed with our identity, tried again where that is safe, and answered with checked JSON.
import type { Agent } from 'node:http';
import { isTransshipError, TransshipError } from '../errors.ts';
import { createAgent } from './agent.ts';
import { refusalOf } from './api-status.ts';
import type { ApiObject, Cluster, ClusterRequest } from './cluster.ts';
import type { ClientCertificate, Connect, Connection } from './connection.ts';
import { exchange, readBody, type Answer, type ExchangeLimits } from './exchange.ts';
import { fieldOf, isObject } from './json-fields.ts';
import { networkFailure, wasNotSent } from './network-failure.ts';
import { nameOfObject, readObjectPath } from './object-path.ts';
import { createPacing, sleep, type PacingLimits } from './pacing.ts';
import { backoffMs, retryAfterMs, type RetryPolicy } from './retry-after.ts';
import { readEvents } from './watch-events.ts';

/** A page of 500 Secrets with all they hold stays below; an object of Kubernetes has 1.5 MiB at most. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Servers' clocks are told in whole seconds. */
const CLOCK_GRAIN_MS = 1000;

export type ApiClientOptions = {
  name: string;
  connect: Connect;
  pacing: PacingLimits;
  limits: ExchangeLimits;
  retries: RetryPolicy;
  userAgent: string;
  /** The proxy for a URL, by the environment; asked where the connection names none of its own. */
  proxyFor: (url: URL) => string | undefined;
  now: () => Date;
  random: () => number;
  mostBytes?: number;
};

type Call = Omit<ClusterRequest, 'method'> & { method: ClusterRequest['method']; isWatch?: true };

export function createApiClient(options: ApiClientOptions): Cluster {
  const { name, connect, retries, limits, now, random, mostBytes = MOST_BYTES } = options;
  const pacing = createPacing(options.pacing, retries.longestRetryAfterMs, {
    nowMs: () => performance.now(),
    wait: sleep,
  });
  const closing = new AbortController();
  let connection: Promise<Connection> | undefined;
  let agents: { agent: Promise<Agent>; connection: Connection; certificate: string | undefined } | undefined;
  let clockOffsetMs = 0;

  function connected(): Promise<Connection> {
    if (connection !== undefined) return connection;
    const connecting = connect();
    connection = connecting;
    connecting.catch(() => {
      if (connection === connecting) connection = undefined;
    });
    return connecting;
  }

  /** What is read anew, certificates and addresses included, after the server refused us or we it. */
  async function forget(): Promise<void> {
    const refused = await connection?.catch(() => undefined);
    refused?.forget();
    connection = undefined;
  }

  async function agentFor(current: Connection, certificate: ClientCertificate | undefined): Promise<Agent> {
    if (agents?.connection !== current || agents.certificate !== certificate?.certificate) {
      const old = agents;
      const proxy = current.proxy?.reveal() ?? options.proxyFor(current.server);
      agents = {
        connection: current,
        certificate: certificate?.certificate,
        agent: createAgent(current, certificate, proxy),
      };
      // what is under way on it goes on; nothing new gets there
      void old?.agent.then(dropIdle, () => undefined);
    }
    return agents.agent;
  }

  async function sendOnce(call: Call, signal: AbortSignal): Promise<Answer> {
    const current = await connected();
    const { authorization, clientCertificate } = await current.identity();
    const agent = await agentFor(current, clientCertificate);
    const answer = await exchange({
      url: urlOf(current.server, call),
      method: call.method,
      headers: {
        accept: acceptOf(call),
        'user-agent': options.userAgent,
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        ...current.headers,
        ...(authorization === undefined ? {} : { authorization: authorization.reveal() }),
      },
      agent,
      limits: call.isWatch === true ? { ...limits, stallMs: watchStallMs(call, limits) } : limits,
      signal,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    readClock(answer.headers.date);
    return answer;
  }

  function readClock(date: string | undefined): void {
    const theirs = Date.parse(date ?? '');
    if (Number.isNaN(theirs)) return;
    const offset = theirs + CLOCK_GRAIN_MS / 2 - now().getTime();
    clockOffsetMs = Math.abs(offset) <= CLOCK_GRAIN_MS ? 0 : offset;
  }

  /** One try: an answer of 2xx, or an error of the errors' model. */
  async function attempt<Result>(
    call: Call,
    signal: AbortSignal,
    read: (answer: Answer) => Promise<Result>,
  ): Promise<Result> {
    let answer: Answer;
    try {
      answer = await sendOnce(call, signal);
    } catch (error) {
      throw networkFailure(error, await callOf(call));
    }
    try {
      if (answer.status >= 200 && answer.status < 300) return await read(answer);
      throw await refusal(call, answer);
    } catch (error) {
      answer.body.destroy();
      throw networkFailure(error, await callOf(call));
    }
  }

  async function refusal(call: Call, answer: Answer): Promise<TransshipError> {
    const wait = retryAfterMs(answer.headers['retry-after'], now());
    // a flow that is over its share is told so: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
    if (answer.status === 429) pacing.holdFor(wait ?? 1000);
    const text = await readBody(answer.body, mostBytes);
    return refusalOf({
      cluster: name,
      request: call,
      status: answer.status,
      body: parseObject(text),
      loginHint: (await connected()).hint,
      ...(wait !== undefined && { retryAfterMs: wait }),
    });
  }

  async function callOf({ method, path, signal }: Call) {
    const host = await connected().then(
      ({ server }) => server.host,
      () => 'its API server',
    );
    const operation = `${method} ${nameOfObject(readObjectPath(path))}`;
    return { cluster: name, operation, host, ...(signal !== undefined && { signal }) };
  }

  /** Tries until it succeeds, may not be tried again, or was tried often enough. */
  async function persist<Result>(call: Call, read: (answer: Answer) => Promise<Result>): Promise<Result> {
    const signal = call.signal ?? closing.signal;
    let wasRenewed = false;
    for (let tried = 1; ; tried += 1) {
      const leave = await pacing.enter(isWrite(call), signal);
      try {
        return await attempt(call, signal, read);
      } catch (error) {
        if (isTransshipError(error, 'unauthorized', 'tls-failed') && !wasRenewed && (await canRenew())) {
          wasRenewed = true;
          await forget();
          continue;
        }
        if (!mayTryAgain(error, call, tried, retries)) throw error;
        await sleep(backoffMs(retries, tried, error.retryAfterMs ?? 0, random), signal);
      } finally {
        leave();
      }
    }
  }

  function untilClosed(call: Call): Call {
    const signal = call.signal === undefined ? closing.signal : AbortSignal.any([closing.signal, call.signal]);
    return { ...call, signal };
  }

  /** A watch that has begun tells its failures as events. */
  async function errorEvent(call: Call, event: ApiObject): Promise<TransshipError> {
    const body = fieldOf(event, 'object');
    const status = isObject(body) ? fieldOf(body, 'code') : undefined;
    return refusalOf({
      cluster: name,
      request: call,
      status: typeof status === 'number' && status >= 400 ? status : 500,
      body: isObject(body) ? body : undefined,
      loginHint: (await connected()).hint,
    });
  }

  /** Where no connection could be read, there is nothing to read anew. */
  async function canRenew(): Promise<boolean> {
    return (await connection?.catch(() => undefined)) !== undefined;
  }

  async function readObject(call: Call, answer: Answer): Promise<ApiObject> {
    const object = parseObject(await readBody(answer.body, mostBytes));
    if (object !== undefined) return object;
    throw new TransshipError(
      'invalid-response',
      `cluster ${name}: ${(await callOf(call)).operation} failed: ${(await callOf(call)).host} sent no JSON object, or one of more than ${mostBytes} bytes`,
      { hint: 'is the address that of an API server, and does a proxy or a login page answer in its place?' },
    );
  }

  return {
    name,
    send(request) {
      const call = untilClosed(request);
      return persist(call, (answer) => readObject(call, answer));
    },
    async *watch(request) {
      const query = { ...request.query, watch: 'true' };
      const call = untilClosed({ ...request, query, method: 'GET', isWatch: true });
      const answer = await persist(call, (head) => Promise.resolve(head));
      try {
        for await (const event of readEvents(answer.body, mostBytes)) {
          if (fieldOf(event, 'type') === 'ERROR') throw await errorEvent(call, event);
          yield event;
        }
      } catch (error) {
        throw networkFailure(error, await callOf(call));
      } finally {
        answer.body.destroy();
      }
    },
    now: () => new Date(now().getTime() + clockOffsetMs),
    async close() {
      closing.abort(new TransshipError('interrupted', `cluster ${name}: its connections are closed`));
      await agents?.agent.then(
        (agent) => agent.destroy(),
        () => undefined,
      );
    },
  };
}

/** A write is tried again only where it cannot have been done: refused before, or never sent. */
function mayTryAgain(
  error: unknown,
  call: Call,
  tried: number,
  { tries, longestRetryAfterMs }: RetryPolicy,
): error is TransshipError {
  if (!isTransshipError(error) || tried >= tries || (error.retryAfterMs ?? 0) > longestRetryAfterMs) return false;
  if (error.code === 'too-many-requests') return true;
  if (!isWrite(call)) {
    return error.retryable && isTransshipError(error, 'connection-failed', 'timeout', 'cluster-unavailable');
  }
  return error.retryable && wasNotSent(error);
}

/** Reviews are sent as new objects, but nothing is kept of them: they only ask. */
function isWrite({ method, path }: Pick<Call, 'method' | 'path'>): boolean {
  return method !== 'GET' && !/^\/apis\/auth[a-z]+\.k8s\.io\/[^/]+\/[a-z]+reviews$/.test(path);
}

function dropIdle({ freeSockets }: Agent): void {
  for (const socket of Object.values(freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
}

function urlOf(server: URL, { path, query }: Call): URL {
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/$/, '')}${path}`;
  for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
  return url;
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
function acceptOf({ view, path, isWatch }: Call): string {
  if (view !== 'metadata') return 'application/json';
  const isList = readObjectPath(path).name === undefined && isWatch !== true;
  return `application/json;as=PartialObjectMetadata${isList ? 'List' : ''};g=meta.k8s.io;v=v1`;
}

/** The server ends a watch after `timeoutSeconds`; one that is silent for longer is dead. */
function watchStallMs({ query }: Call, { stallMs }: ExchangeLimits): number {
  const seconds = Number(query?.['timeoutSeconds']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 + stallMs : 10 * 60_000;
}

function parseObject(text: string | undefined): ApiObject | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
