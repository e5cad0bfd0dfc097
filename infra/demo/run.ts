// The demo: pushes two images to one registry, copies them to two others, and proves the result by reading everything back.
// It is told how to copy, and tells what happens; it prints nothing.
import { generateKeyPairSync } from 'node:crypto';
import type { CopyReport } from '../../shared/mirror/copy-types.ts';
import type { DemoEvent, DemoReport, Lesson } from './demo-event.ts';
import { buildImages, type DemoImage } from './images.ts';
import { proveBelongings, proveContent, proveLoginIsBound, type Check } from './proof.ts';
import { push } from './push.ts';
import { openStage, type Stage } from './stage.ts';

/** Copies with one login file; copies of the same copier know what the earlier ones left at the targets. */
export type Copier = {
  copy(source: string, targets: readonly string[]): Promise<CopyReport>;
  close(): Promise<void>;
};

export type DemoOptions = {
  openCopier: (authfile: string) => Promise<Copier>;
  tell: (event: DemoEvent) => void;
  /** Leaves the registries up until the signal. */
  keep: boolean;
  signal: AbortSignal;
  /** Calls the listener when the process ends, until the returned function is called. */
  onExit: (listener: () => void) => () => void;
};

/** Resolves to whether all that the copies promised was found to be true. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const { tell, keep, signal } = options;
  const stage = await openStage(options.onExit);
  try {
    const targets = stage.targets.map(({ host, login }) => ({ host, login: login !== undefined }));
    tell({ type: 'registries', source: stage.source.host, targets, authfile: stage.authfile });
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const images = buildImages(privateKey);
    await pushAll([images.app, images.worker], stage, options);
    await copyAll(images, stage, options);
    tell({ type: 'proving' });
    const checks: Check[] = [];
    let hashedBytes = 0;
    const note = (check: Check) => {
      signal.throwIfAborted();
      checks.push(check);
      tell({ type: 'check', ...check });
    };
    // before the proof's own client logs in
    note(proveLoginIsBound(stage));
    for (const target of stage.targets) {
      const { sizeBytes, ...check } = await proveContent(target, [images.app, images.worker]);
      hashedBytes += sizeBytes;
      note(check);
    }
    for (const target of stage.targets) note(await proveBelongings(target, images.app, publicKey));
    const report: DemoReport = { type: 'report', proved: checks.every(({ holds }) => holds), checks, hashedBytes };
    tell(keep ? { ...report, kept: placesOf(stage, images.app) } : report);
    if (keep) await untilAborted(signal);
    return report.proved;
  } finally {
    await stage.close();
  }
}

async function pushAll(images: readonly DemoImage[], { source }: Stage, { tell, signal }: DemoOptions): Promise<void> {
  for (const image of images) {
    signal.throwIfAborted();
    await push(source, image);
  }
  const told = images.map((image) => ({
    reference: referenceTo(source.host, image),
    digest: image.digest,
    sizeBytes: [...image.blobs, ...image.manifests].reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
  }));
  tell({ type: 'images', images: told });
}

async function copyAll(
  { app, worker }: { app: DemoImage; worker: DemoImage },
  stage: Stage,
  options: DemoOptions,
): Promise<void> {
  const copier = await options.openCopier(stage.authfile);
  try {
    await copyOne(copier, 'first', app, stage, options);
    await copyOne(copier, 'shared-layers', worker, stage, options);
  } finally {
    await copier.close();
  }
  // A copier that knows nothing, like the same command a day later.
  const later = await options.openCopier(stage.authfile);
  try {
    await copyOne(later, 'again', app, stage, options);
  } finally {
    await later.close();
  }
}

async function copyOne(
  copier: Copier,
  lesson: Lesson,
  image: DemoImage,
  { source, targets }: Stage,
  { tell, signal }: DemoOptions,
): Promise<void> {
  signal.throwIfAborted();
  const from = referenceTo(source.host, image);
  const to = targets.map(({ host }) => referenceTo(host, image));
  tell({ type: 'copying', lesson, source: from, targets: to });
  const report = await copier.copy(from, to);
  signal.throwIfAborted();
  tell({ type: 'copied', lesson, ...report });
}

function placesOf({ source, open, locked, authfile }: Stage, image: DemoImage): NonNullable<DemoReport['kept']> {
  const name = `${image.repository}:${image.tag}`;
  return { source: source.host, open: open.host, locked: locked.host, authfile, image: name };
}

function referenceTo(host: string, { repository, tag }: DemoImage): string {
  return `${host}/${repository}:${tag}`;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
