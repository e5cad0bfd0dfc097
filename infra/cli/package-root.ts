// Where this program lies: the folder of our package.json above the running file, in a checkout as in an installed package.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TransshipError } from '../../shared/errors.ts';

export type PackageRoot = { folder: string; version: string };

/** @throws TransshipError internal if the installation is broken */
export function packageRoot(): PackageRoot {
  let folder = import.meta.dirname;
  for (;;) {
    const version = versionIn(join(folder, 'package.json'));
    if (version !== undefined) return { folder, version };
    const parent = dirname(folder);
    if (parent === folder) {
      throw new TransshipError('internal', 'the package.json of transship is missing', {
        hint: 'install transship again',
      });
    }
    folder = parent;
  }
}

function versionIn(path: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('name' in parsed) || parsed.name !== 'transship')
      return undefined;
    return 'version' in parsed && typeof parsed.version === 'string' ? parsed.version : undefined;
  } catch {
    return undefined;
  }
}
