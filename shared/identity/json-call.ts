// One call to a JSON API of a cloud, where no SDK makes it: limits of time and size, the proxy of the environment, no redirect. What
// the server says in an error is not repeated but for its code: token servers are among them.
import type { IncomingMessage } from 'node:http';
import { messageOf, TransshipError } from '../errors.ts';
import type { CloudAgent } from './cloud-agent.ts';
import { openCloudAgent } from './open-cloud-agent.ts';
import { proxyTrouble } from './proxy-failure.ts';
import { interruption } from './time-limit.ts';

export type JsonCall = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** What is asked, in words for errors: `AWS eks:DescribeCluster`. */
  what: string;
  /** Where `HTTPS_PROXY` and its like stand. */
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  /** Of the answer; 1 MiB by default. */
  mostBytes?: number;
};

export type JsonAnswer = {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  /** Undefined where the body is no JSON object. */
  body: Readonly<Record<string, unknown>> | undefined;
  /** The body as it came. */
  text: string;
};

const MOST_BYTES = 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** Whatever the status is. @throws TransshipError connection-failed, timeout, interrupted, invalid-response (more than `mostBytes`) */
export async function callJson(call: JsonCall): Promise<JsonAnswer> {
  const timeout = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
  const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
  let agent: CloudAgent | undefined;
  try {
    agent = await openCloudAgent(call.env);
    const answer = await send(call, signal, agent);
    const text = (await readCapped(answer, call)).toString('utf8');
    return { status: answer.statusCode ?? 0, headers: singleHeaders(answer), body: parseObject(text), text };
  } catch (error) {
    throw failure(error, call, timeout);
  } finally {
    agent?.destroy();
  }
}

function send(
  { method, url, headers, body }: JsonCall,
  signal: AbortSignal,
  agent: CloudAgent | undefined,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { Agent, request } = process.getBuiltinModule(url.protocol === 'http:' ? 'node:http' : 'node:https');
  const sent = request(
    url,
    {
      method,
      headers: { accept: 'application/json', 'user-agent': 'transship', ...headers },
      // one connection for one call: these are minutes apart
      agent: agent ?? new Agent({ keepAlive: false }),
      signal,
    },
    resolve,
  );
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

async function readCapped(answer: IncomingMessage, { what, mostBytes = MOST_BYTES }: JsonCall): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer) {
    if (!Buffer.isBuffer(chunk)) continue;
    sizeBytes += chunk.length;
    if (sizeBytes > mostBytes) {
      throw new TransshipError(
        'invalid-response',
        `${what}: the answer is larger than ${Math.round(mostBytes / MOST_BYTES)} MiB`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function singleHeaders({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function failure(error: unknown, { url, what, signal }: JsonCall, timeout: AbortSignal): TransshipError {
  if (error instanceof TransshipError) return error;
  if (signal?.aborted === true) return interruption(signal);
  const details = { operation: what, host: url.host };
  if (timeout.aborted) {
    return new TransshipError('timeout', `${what}: ${url.host} did not answer in time`, {
      retryable: true,
      hint: `check that this machine reaches ${url.host}`,
      details,
    });
  }
  const atProxy = proxyTrouble(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
  return new TransshipError('connection-failed', `${what}: ${url.host} cannot be reached: ${atProxy?.reason ?? code}`, {
    retryable: true,
    hint: atProxy?.hint ?? `check the network, the proxy (HTTPS_PROXY) and the address ${url.origin}`,
    details,
  });
}
