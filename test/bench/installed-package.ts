// Transship as its users have it: what `npm pack` would put into the package, laid out in a folder outside the checkout.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const LAUNCHER = 'infra/cli/launcher.js';

export type OurProgram = { version: string; installedLauncher: string; checkoutLauncher: string };

/** Builds the bundle and copies it below `folder`. */
export function layOutPackage(folder: string): OurProgram {
  execFileSync(process.execPath, [path.join(ROOT, 'infra/cli/package/bundle.ts')], { stdio: 'pipe' });
  mkdirSync(folder);
  for (const part of ['package.json', 'dist', LAUNCHER]) {
    cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true });
  }
  const version = /"version": "(.+)"/.exec(readFileSync(path.join(folder, 'package.json'), 'utf8'))?.[1] ?? 'unknown';
  return { version, installedLauncher: path.join(folder, LAUNCHER), checkoutLauncher: path.join(ROOT, LAUNCHER) };
}
