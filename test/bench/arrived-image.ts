// Looks into a target server's data folder whether a copy is really there: a program that did half the work must not win.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Planted } from './plant-image.ts';

const STORE = 'docker/registry/v2';

/** @throws Error if the tag names something else or a blob is missing */
export function assertArrived(dataDir: string, repository: string, tag: string, planted: Planted): void {
  const links = path.join(dataDir, STORE, 'repositories', repository);
  const file = path.join(links, '_manifests/tags', tag, 'current/link');
  const digest = existsSync(file) ? readFileSync(file, 'utf8') : 'nothing';
  if (digest !== planted.digest) throw new Error(`${repository}:${tag} is ${digest}, not ${planted.digest}`);
  const missing = planted.blobs.find(
    (blob) => !existsSync(path.join(links, '_layers', blob.replace(':', '/'), 'link')),
  );
  if (missing !== undefined) throw new Error(`${repository} has not got blob ${missing}`);
}

/** Empties a running server: the next copy starts cold. */
export function emptyStore(dataDir: string): void {
  rmSync(path.join(dataDir, STORE), { recursive: true, force: true });
}
