// A Kubernetes API server of loopback that follows the documented wire format (Status objects, lists, watches) and otherwise answers as each
// test wants: for the faults that a real one shows only on bad days. https://kubernetes.io/docs/reference/using-api/api-concepts/
import type http from 'node:http';
import type { Cluster } from '../../shared/cluster/cluster.ts';
import { openCluster, type OpenClusterOptions } from '../../shared/cluster/open-cluster.ts';
import { Secret } from '../../shared/telemetry/secret.ts';
import { startBareServer, type BareServer } from './bare-server.ts';

export type BareApiServer = BareServer & { cluster: Cluster };

export type Answers = (request: http.IncomingMessage, response: http.ServerResponse, count: number) => unknown;

type Options = Partial<OpenClusterOptions> & { token?: string; requestsPerSecond?: number; concurrency?: number };

const TOKEN = { env: 'TOKEN' };
/** Real ones are hundreds of times as long; what is tested is that there are any. */
const QUICK: Pick<OpenClusterOptions, 'retries' | 'limits'> = {
  retries: { firstDelayMs: 1, longestDelayMs: 5, longestRetryAfterMs: 2_000 },
  limits: { connectMs: 1_000, answerMs: 500, stallMs: 500 },
};

/** @param answer gets the number of the request, from 1 on */
export async function startBareApiServer(answer: Answers, options: Options = {}): Promise<BareApiServer> {
  let count = 0;
  const server = await startBareServer((request, response) => answer(request, response, ++count));
  const { token = 'canary-bare-token', requestsPerSecond = 10_000, concurrency, ...rest } = options;
  const cluster = await openCluster(
    {
      name: 'bare',
      server: server.url,
      token: TOKEN,
      limits: { requestsPerSecond, ...(concurrency !== undefined && { concurrency }) },
    },
    { env: {}, userAgent: 'transship/test', readSecret: () => Promise.resolve(new Secret(token)), ...QUICK, ...rest },
  );
  return {
    ...server,
    cluster,
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Answers with an object, or with a Status of a failure. */
export function answerJson(
  response: http.ServerResponse,
  status: number,
  body: object,
  headers: http.OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** The body of a refusal. */
export function statusOf(code: number, reason: string, message: string, details: object = {}): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message, details };
}

export function namespaceObject(name: string, version = 1): object {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, uid: `uid-${name}`, resourceVersion: String(version) },
  };
}

export function listOf(items: readonly object[], metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'NamespaceList', metadata: { resourceVersion: '100', ...metadata }, items };
}

/** One line of a watch. */
export function eventLine(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}
