// `transship serve` as users start it: a process of its own with a configuration file, its log read line by line.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess, type Running } from './child-processes.ts';
import { freePort } from './servers.ts';

const LAUNCHER = path.resolve(import.meta.dirname, '../../infra/cli/launcher.js');

export const HOOK = 'Bearer hook-of-tests';

type LogLine = { level: string; msg: string } & Record<string, unknown>;

export type ServeProcess = {
  url: string;
  socketPath: string;
  running: () => Running;
  /** Every line of the log, of all its lives. */
  log: LogLine[];
  /** The first line of this message after the given place in the log; waits for it. */
  line: (msg: string, after?: number) => Promise<LogLine>;
  /** Asks the API as the owner. */
  api: (path: string, method?: string, json?: unknown) => Promise<{ status: number; body: unknown }>;
  /** Sends the signal and gives the exit code. */
  end: (signal: NodeJS.Signals) => Promise<number | null>;
  /** Starts it again and waits until it answers that it is ready. */
  start: () => Promise<void>;
};

export type ServeBed = {
  folder: string;
  configFile: string;
  port: number;
  write: (config: Record<string, unknown>) => void;
  [Symbol.asyncDispose]: () => Promise<void>;
};

/** A folder with room for a configuration and data, and a free port. */
export async function serveBed(): Promise<ServeBed> {
  const folder = await mkdtemp(path.join(tmpdir(), 'transship-serve-'));
  const configFile = path.join(folder, 'transship.yaml');
  const port = await freePort();
  return {
    folder,
    configFile,
    port,
    write(config) {
      const whole = { version: 1, api: { listen: `127.0.0.1:${port}` }, dataDir: './data', ...config };
      // JSON is YAML
      writeFileSync(configFile, JSON.stringify(whole, undefined, 2));
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export type ServeOptions = { args?: readonly string[]; env?: NodeJS.ProcessEnv; scheme?: 'http' | 'https' };

/** Starts it and waits until it is ready. */
export async function startServe(
  { configFile, folder, port }: ServeBed,
  { args = [], env = {}, scheme = 'http' }: ServeOptions = {},
): Promise<ServeProcess & AsyncDisposable> {
  const log: LogLine[] = [];
  const url = `${scheme}://127.0.0.1:${port}`;
  const socketPath = path.join(folder, 'data', 'admin.sock');
  let running: Running;

  async function start(): Promise<void> {
    running = startProcess(process.execPath, [LAUNCHER, 'serve', '-c', configFile, ...args], {
      env: { ...serveEnvironment(folder), ...env },
      onLine: (line) => void log.push(readLine(line)),
    });
    await until(async () => {
      if (running.hasEnded()) throw new Error(`serve ended at once: ${running.lastWords()}`);
      const answer = await askSocket(socketPath, '/readyz').catch(() => undefined);
      return answer?.status === 200;
    });
  }

  await start();
  return {
    url,
    socketPath,
    running: () => running,
    log,
    line: (msg, after = 0) => until(() => log.slice(after).find((line) => line.msg === msg)),
    api: (route, method, json) => askSocket(socketPath, route, method, json),
    async end(signal) {
      await running.end(signal);
      return running.process.exitCode;
    },
    start,
    async [Symbol.asyncDispose]() {
      if (!running.hasEnded()) await running.end('SIGKILL');
    },
  };
}

/** A home of its own, and compiled code that all tests share: else each start would compile everything. */
export function serveEnvironment(home: string): NodeJS.ProcessEnv {
  return { ...process.env, HOME: home, HOOK, NODE_COMPILE_CACHE: path.join(tmpdir(), 'transship-test-code') };
}

function readLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { level: 'none', msg: line };
  }
}

const PATIENCE_MS = 20_000;

/** What the condition gives, as soon as it gives something. */
export async function until<T>(condition: () => T | Promise<T>): Promise<NonNullable<T> & {}> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${String(condition)}`);
    await sleep(20);
  }
}

/** One request through the admin socket. */
export async function askSocket(
  socketPath: string,
  route: string,
  method = 'GET',
  json?: unknown,
): Promise<{ status: number; body: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const headers = json === undefined ? {} : { 'content-type': 'application/json' };
  const request = http.request({ socketPath, path: route, method, headers, agent: false }, resolve);
  request.on('error', reject).end(json === undefined ? undefined : JSON.stringify(json));
  const response = await promise;
  const body = await text(response);
  return { status: response.statusCode ?? 0, body: body.startsWith('{') ? JSON.parse(body) : body };
}

/** The notification of a distribution registry about a pushed tag. */
export function notification(
  source: { host: string; repository: string; tag: string; digest: string },
  id: string = crypto.randomUUID(),
): string {
  const { host, repository, tag, digest } = source;
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return JSON.stringify({
    events: [
      {
        id,
        timestamp: new Date().toISOString(),
        action: 'push',
        target: { mediaType, digest, repository, tag },
        request: { id, host, method: 'PUT' },
        actor: {},
      },
    ],
  });
}

/** Sends a notification as a registry would; undefined where nobody answered. */
export async function notify(url: string, body: string, secret: string = HOOK): Promise<Response | undefined> {
  const headers = { 'content-type': 'application/vnd.docker.distribution.events.v1+json', authorization: secret };
  return fetch(`${url}/hooks/distribution/src`, { method: 'POST', body, headers }).catch(() => undefined);
}

/** A configuration with one rule from `source` to the targets, and its receiver. */
export function mirrorConfig(
  source: string,
  targets: readonly string[],
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const plain = { plainHttp: true, credential: 'anonymous' };
  return {
    registries: Object.fromEntries([source, ...targets].map((host) => [host, plain])),
    mirrors: [{ name: 'app', from: `${source}/t/app`, to: targets.map((host) => `${host}/m/{name}`), schedule: 'off' }],
    receivers: [
      {
        id: 'src',
        kind: 'distribution',
        registry: source,
        auth: { mode: 'header', name: 'authorization', secrets: [{ env: 'HOOK' }] },
      },
    ],
    ...more,
  };
}
