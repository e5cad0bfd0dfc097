// Real CNCF distribution servers (docker-registry 2.8 or distribution 3) on loopback: configuration, life, and the requests they logged.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashSync } from 'bcryptjs';
import type { KeyPair } from './certificates.ts';
import { startProcess, type Running } from './child-processes.ts';

export type ServerOptions = {
  /** The program: `requireComponent('docker-registry')` or `requireComponent('distribution')`. */
  program: string;
  auth?:
    | { kind: 'htpasswd'; username: string; password: string }
    | { kind: 'token'; realm: string; service: string; issuer: string; caFile: string };
  tls?: KeyPair & {
    /** Asks for client certificates of this authority; `client` is one, for looking whether the server is there. */
    mutual?: { caFile: string; client: KeyPair };
  };
  /** Sections of the server's configuration file that replace ours. */
  configuration?: Record<string, unknown>;
};

type LoggedRequest = { method: string; path: string; status: number; sizeBytes: number };

export type Server = {
  /** host:port */
  host: string;
  url: string;
  dataDir: string;
  /** The requests since the start or the last `forgetRequests`, in the order in which they ended. */
  requests(): Promise<LoggedRequest[]>;
  forgetRequests(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Holds it still, as an overloaded machine does, until `resume`. */
  pause(): void;
  resume(): void;
  [Symbol.asyncDispose](): Promise<void>;
};

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 25;
/** The cheapest cost: these passwords guard nothing. */
const BCRYPT_COST = 4;
const ACCESS_LOG = /"(?<method>[A-Z]+) (?<path>\S+) HTTP\/[\d.]+" (?<status>\d{3}) (?<size>\d+)/;
const MARK = '/v2/?mark=';

export async function startServer(options: ServerOptions): Promise<Server> {
  const folder = mkdtempSync(path.join(tmpdir(), 'transship-server-'));
  const dataDir = path.join(folder, 'data');
  mkdirSync(dataDir);
  const host = `127.0.0.1:${await freePort()}`;
  const url = `${options.tls ? 'https' : 'http'}://${host}`;
  const configFile = path.join(folder, 'config.yml');
  // JSON is YAML
  writeFileSync(configFile, JSON.stringify(configuration(options, host, dataDir, folder)));

  let logged: LoggedRequest[] = [];
  const marks = new Set<string>();
  let markCount = 0;
  const onLine = (line: string) => {
    const request = parseLogLine(line);
    if (request?.path.startsWith(MARK)) marks.add(request.path);
    else if (request) logged.push(request);
  };
  const start = async () => {
    const started = startProcess(options.program, ['serve', configFile], {
      // without these, distribution 3 looks for a collector of traces and metrics
      env: { ...process.env, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
      onLine,
    });
    await waitUntil(async () => {
      if (started.hasEnded()) throw new Error(`${options.program} ended at once:\n${started.lastWords()}`);
      return (await ping(url, `${MARK}start`, options.tls)) !== undefined;
    });
    return started;
  };
  let server: Running = await start();

  /** The log is written behind the answer: a request of our own that has arrived in it says that all before it have. */
  const flushLog = async () => {
    const mark = `${MARK}${++markCount}`;
    if (server.hasEnded() || (await ping(url, mark, options.tls)) === undefined) return;
    await waitUntil(() => Promise.resolve(marks.has(mark)));
  };
  const end = async (signal: NodeJS.Signals) => {
    // a process that is held still does not see SIGTERM
    server.process.kill('SIGCONT');
    await server.end(signal);
  };
  return {
    host,
    url,
    dataDir,
    async requests() {
      await flushLog();
      return [...logged];
    },
    async forgetRequests() {
      await flushLog();
      logged = [];
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    async restart() {
      if (!server.hasEnded()) await end('SIGTERM');
      server = await start();
    },
    pause: () => void server.process.kill('SIGSTOP'),
    resume: () => void server.process.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      if (!server.hasEnded()) await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @see https://distribution.github.io/distribution/about/configuration/ */
function configuration(
  { auth, tls, configuration: ours }: ServerOptions,
  host: string,
  dataDir: string,
  folder: string,
) {
  return {
    version: '0.1',
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: dataDir }, delete: { enabled: true } },
    http: {
      addr: host,
      secret: 'test',
      ...(tls && {
        tls: {
          certificate: tls.certificateFile,
          key: tls.keyFile,
          ...(tls.mutual && { clientcas: [tls.mutual.caFile] }),
        },
      }),
    },
    ...(auth && { auth: authSection(auth, folder) }),
    ...ours,
  };
}

function authSection(auth: NonNullable<ServerOptions['auth']>, folder: string) {
  if (auth.kind === 'token') {
    const { realm, service, issuer, caFile } = auth;
    return { token: { realm, service, issuer, rootcertbundle: caFile } };
  }
  const file = path.join(folder, 'htpasswd');
  writeFileSync(file, `${auth.username}:${hashSync(auth.password, BCRYPT_COST)}\n`);
  return { htpasswd: { realm: 'test', path: file } };
}

function parseLogLine(line: string): LoggedRequest | undefined {
  const groups = ACCESS_LOG.exec(line)?.groups;
  if (!groups) return undefined;
  const { method = '', path: target = '', status, size } = groups;
  return { method, path: target, status: Number(status), sizeBytes: Number(size) };
}

/** The status of a GET, or undefined if nobody answers. */
function ping(url: string, target: string, tls: ServerOptions['tls']): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const client = tls?.mutual && {
    cert: readFileSync(tls.mutual.client.certificateFile),
    key: readFileSync(tls.mutual.client.keyFile),
  };
  // whose certificate it is does not matter here: it is our own server, and nothing secret is sent
  const options = { agent: false as const, timeout: 5_000, ...(tls && { rejectUnauthorized: false, ...client }) };
  const request = (tls ? https : http).get(url + target, options, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  request.on('timeout', () => request.destroy());
  request.on('error', () => resolve(undefined));
  return promise;
}

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${READY_TIMEOUT_MS} ms`);
    await sleep(POLL_MS);
  }
}

/** A port of loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer().on('error', reject);
  probe.listen(0, '127.0.0.1', () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
  });
  return promise;
}
