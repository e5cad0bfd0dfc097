// How fast push events are accepted: `transship serve` as installed, notifications of a registry at rising rates, each durable before
// its answer. The registry behind never answers, so that what is measured is the accepting and not the copying.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { OurProgram } from './installed-package.ts';
import { openLoop, type OpenLoopResult } from './open-loop.ts';
import type { ReceiverResult } from './results.ts';

/** The name under which `--only` finds it. */
export const RECEIVERS = 'receivers';

type Options = { folder: string; env: NodeJS.ProcessEnv; signal: AbortSignal; say: (line: string) => void };

const RATES = [500, 1000, 2000, 3000, 4000, 5000, 6000, 8000];
const SECONDS = 8;
const WARM_UP = { perSecond: 1000, seconds: 4 };
const CONNECTIONS = 64;
const SECRET = 'Bearer bench';
/** Beyond this the server no longer keeps up, and higher rates only make a longer queue. */
const OVERLOAD_P99_MS = 500;

export async function measureReceivers(ours: OurProgram, options: Options): Promise<ReceiverResult[]> {
  const silent = await startSilentRegistry();
  const folder = mkdtempSync(path.join(options.folder, 'serve-'));
  const port = await freePort();
  const host = `127.0.0.1:${portOf(silent)}`;
  writeConfig(folder, port, host);
  const server = await startServer(ours, folder, port, options);
  const results: ReceiverResult[] = [];
  try {
    await send(port, host, WARM_UP.perSecond, WARM_UP.seconds, options.signal);
    for (const perSecond of RATES) {
      const result = summary(perSecond, await send(port, host, perSecond, SECONDS, options.signal));
      results.push(result);
      options.say(
        `receivers: ${perSecond}/s offered, ${Math.round(result.acceptedPerSecond)}/s accepted, p99 ${result.p99Ms.toFixed(1)} ms`,
      );
      if (result.p99Ms > OVERLOAD_P99_MS) break;
    }
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
    silent.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

function summary(perSecond: number, { latenciesMs, statuses, tookMs }: OpenLoopResult): ReceiverResult {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const accepted = statuses.get(202) ?? 0;
  return {
    perSecond,
    acceptedPerSecond: (accepted * 1000) / tookMs,
    refused: latenciesMs.length - accepted,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    longestMs: sorted.at(-1) ?? 0,
  };
}

function send(port: number, host: string, perSecond: number, seconds: number, signal: AbortSignal) {
  const requests = Array.from({ length: perSecond * seconds }, () => notification(port, host));
  return openLoop({ port, requests, perSecond, connections: CONNECTIONS, signal });
}

let events = 0;

/** As distribution 2.8 sends it: one push of a manifest, to a tag of its own. */
function notification(port: number, host: string): Buffer {
  events += 1;
  const id = crypto.randomUUID();
  const digest = `sha256:${events.toString(16).padStart(64, '0')}`;
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const body = JSON.stringify({
    events: [
      {
        id,
        timestamp: new Date().toISOString(),
        action: 'push',
        target: { mediaType, size: 1234, digest, length: 1234, repository: 't/app', tag: `v${events}` },
        request: { id, addr: '127.0.0.1:41000', host, method: 'PUT', useragent: 'bench' },
        actor: {},
        source: { addr: host, instanceID: id },
      },
    ],
  });
  const head = [
    'POST /hooks/distribution/src HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'content-type: application/vnd.docker.distribution.events.v1+json',
    `authorization: ${SECRET}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function writeConfig(folder: string, port: number, host: string): void {
  const auth = { mode: 'header', name: 'authorization', secrets: [{ env: 'BENCH_HOOK' }] };
  const config = {
    version: 1,
    registries: { [host]: { plainHttp: true, credential: 'anonymous' } },
    mirrors: [{ name: 'app', from: `${host}/t/app`, to: [`${host}/m/app`], schedule: 'off' }],
    receivers: [{ id: 'src', kind: 'distribution', registry: host, auth }],
    api: { listen: `127.0.0.1:${port}` },
    dataDir: './data',
  };
  // JSON is YAML
  writeFileSync(path.join(folder, 'transship.yaml'), JSON.stringify(config));
}

async function startServer(
  { installedLauncher }: OurProgram,
  folder: string,
  port: number,
  { env, signal }: Options,
): Promise<ChildProcess> {
  const logFile = path.join(folder, 'log');
  const log = openSync(logFile, 'a');
  const args = [installedLauncher, 'serve', '-c', path.join(folder, 'transship.yaml')];
  const server = spawn(process.execPath, args, { env: { ...env, BENCH_HOOK: SECRET }, stdio: ['ignore', log, log] });
  closeSync(log);
  while (!(await isReady(port))) {
    signal.throwIfAborted();
    if (server.exitCode !== null) throw new Error(`serve ended: ${readFileSync(logFile, 'utf8').slice(-1000)}`);
    await delay(50);
  }
  return server;
}

function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Takes connections and says nothing. */
async function startSilentRegistry(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const port = portOf(probe);
  probe.close();
  await once(probe, 'close');
  return port;
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
