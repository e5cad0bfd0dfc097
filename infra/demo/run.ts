// The demo: an image is pushed to a registry and is in two others a moment later, whatever is lost or killed on the way, and all of it
// is proved in the end. It is told how to start the server, and tells what happens; it prints nothing.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { messageOf } from '../../shared/errors.ts';
import { killed } from './chapters/killed.ts';
import { lostWebhook } from './chapters/lost-webhook.ts';
import type { Scene } from './chapters/scene.ts';
import { toldByWebhook } from './chapters/told-by-webhook.ts';
import { proveAll } from './chapters/proof.ts';
import type { ArrivedEvent, DemoEvent, DemoReport, KeptStage } from './demo-event.ts';
import { buildImages, buildTools } from './images.ts';
import { push } from './push.ts';
import { openServer, type DemoServer, type ServerHost } from './server/demo-server.ts';
import { logTail, serverFault } from './server/server-process.ts';
import { openStage, type Stage } from './stage.ts';

export type DemoOptions = ServerHost & {
  tell: (event: DemoEvent) => void;
  /** Leaves registries and server up until the signal. */
  keep: boolean;
};

/** Resolves to whether all that was promised was found to be true. @throws TransshipError internal where an image did not arrive */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const startedAt = performance.now();
  const { tell, signal } = options;
  tell({ type: 'starting' });
  await using cleanup = new AsyncDisposableStack();
  const stage = await openStage(options.onExit);
  cleanup.defer(() => stage.close());
  // there before anybody listens: a sweep brings it
  const oldImage = buildTools('1.0');
  await push(stage.source, oldImage);
  const starting = openServer(stage, options);
  cleanup.defer(async () => (await starting.catch(() => undefined))?.stop());
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const images = buildImages(privateKey);
  const server = await starting;
  tell(startedEvent(stage, server));
  const scene: Scene = { stage, server, images, oldImage, tell, signal };
  const report = await play(scene, publicKey, startedAt).catch(async (error: unknown) => {
    throw signal.aborted ? error : serverFault(messageOf(error), await logTail(stage.logFile), error);
  });
  tell(options.keep ? { ...report, kept: placesOf(stage, server.url) } : report);
  if (options.keep) await untilAborted(signal);
  return report.proved;
}

async function play(scene: Scene, publicKey: KeyObject, startedAt: number): Promise<DemoReport> {
  const arrivals = await playChapters(scene);
  const { checks, hashedBytes } = await proveAll(scene, publicKey);
  return {
    type: 'report',
    proved: checks.every(({ holds }) => holds),
    checks,
    hashedBytes,
    durationMs: performance.now() - startedAt,
    images: arrivals.map(({ type: _, ...arrival }) => arrival),
  };
}

async function playChapters(scene: Scene): Promise<ArrivedEvent[]> {
  const { app, worker } = scene.images;
  return [
    await toldByWebhook(scene, 'webhook', app),
    await toldByWebhook(scene, 'shared-layers', worker),
    await lostWebhook(scene),
    await killed(scene),
  ];
}

function startedEvent({ source, targets, config, logFile }: Stage, server: DemoServer): DemoEvent {
  return {
    type: 'started',
    source: source.host,
    targets: targets.map(({ host, login }) => ({ host, login: login !== undefined })),
    server: server.started,
    url: server.url,
    config,
    log: logFile,
  };
}

function placesOf({ source, targets, authfile, config, logFile }: Stage, url: string): KeptStage {
  const [open, locked] = targets;
  return { source: source.host, open: open.host, locked: locked.host, authfile, config, log: logFile, url };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
