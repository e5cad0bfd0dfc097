// Sends requests at a fixed rate, whether or not the answers come, and measures from the moment at which each was to be sent: a server
// that stalls cannot hide it by slowing its clients down.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type OpenLoopOptions = {
  port: number;
  /** Whole requests with their head, in the order in which they are sent. */
  requests: readonly Buffer[];
  perSecond: number;
  connections: number;
  signal: AbortSignal;
};

export type OpenLoopResult = {
  /** From the intended sending to the answer, of every request, in milliseconds. */
  latenciesMs: number[];
  statuses: ReadonlyMap<number, number>;
  /** From the first intended sending to the last answer. */
  tookMs: number;
};

type Waiting = { request: Buffer; dueMs: number };
type Line = { socket: Socket; sent: Waiting | undefined; answer: string };

const TICK_MS = 1;

/** One request at a time on each connection; those that find none free wait, and that counts. */
export async function openLoop(options: OpenLoopOptions): Promise<OpenLoopResult> {
  const { port, requests, perSecond, signal } = options;
  const latenciesMs: number[] = [];
  const statuses = new Map<number, number>();
  const backlog: Waiting[] = [];
  const idle: Line[] = [];
  const { promise: finished, resolve: finish, reject: fail } = Promise.withResolvers<void>();
  const lines = await Promise.all(Array.from({ length: options.connections }, () => open(port)));
  for (const line of lines) {
    line.socket.on('data', (bytes) => hear(line, bytes));
    line.socket.on('error', fail);
    line.socket.on('close', () => fail(new Error('the server ended a connection')));
    idle.push(line);
  }

  function send(line: Line, waiting: Waiting): void {
    line.sent = waiting;
    line.socket.write(waiting.request);
  }

  function sendOrWait(request: Buffer | undefined, dueMs: number): void {
    if (request === undefined) return;
    const line = idle.pop();
    if (line === undefined) backlog.push({ request, dueMs });
    else send(line, { request, dueMs });
  }

  function hear(line: Line, bytes: Buffer): void {
    line.answer += bytes.toString('latin1');
    const status = statusOfWhole(line.answer);
    if (status === undefined || line.sent === undefined) return;
    latenciesMs.push(performance.now() - line.sent.dueMs);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    line.answer = '';
    line.sent = undefined;
    const next = backlog.shift();
    if (next === undefined) idle.push(line);
    else send(line, next);
    if (latenciesMs.length === requests.length) finish();
  }

  const startMs = performance.now() + TICK_MS;
  try {
    for (let index = 0; index < requests.length && !signal.aborted;) {
      const due = Math.min(requests.length, Math.ceil(((performance.now() - startMs) * perSecond) / 1000));
      for (; index < due; index += 1) sendOrWait(requests[index], startMs + (index * 1000) / perSecond);
      await Promise.race([delay(TICK_MS), finished]);
    }
    signal.throwIfAborted();
    await finished;
    return { latenciesMs, statuses, tookMs: performance.now() - startMs };
  } finally {
    for (const { socket } of lines) socket.removeAllListeners('close').destroy();
  }
}

async function open(port: number): Promise<Line> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return { socket, sent: undefined, answer: '' };
}

/** The status of an answer once its body is there, by its length; undefined before. */
function statusOfWhole(answer: string): number | undefined {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = answer.slice(0, end);
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  if (answer.length < end + 4 + length) return undefined;
  if (/^transfer-encoding: *chunked/im.test(head) && !answer.endsWith('0\r\n\r\n')) return undefined;
  return Number(head.slice(9, 12));
}
