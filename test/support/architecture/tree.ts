// Reads the repository for the architecture rules and puts the rules together.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkForm } from './form.ts';
import { checkCopyPath, checkCycles } from './graph.ts';
import { checkPackages } from './packages.ts';
import { checkDirections, checkPlaces } from './rooms.ts';
import { parseSourceFile, type FileText } from './source-file.ts';

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git']);

export type Tree = { paths: readonly string[]; sources: readonly FileText[] };

/** Lists all files under `root` and reads the TypeScript and JavaScript among them. */
export function readTree(root: string): Tree {
  const paths = listFiles(root, '');
  const sources = paths
    .filter((file) => /\.[cm]?[jt]s$/.test(file))
    .map((file) => ({ path: file, text: readFileSync(path.join(root, file), 'utf8') }));
  return { paths, sources };
}

function listFiles(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.has(name))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      return entry.isDirectory() ? listFiles(root, file) : [file];
    })
    .sort();
}

/** All violations of the architecture, one sentence each. */
export function checkArchitecture({ paths, sources }: Tree): string[] {
  const files = sources.map(parseSourceFile);
  return [
    ...checkPlaces(paths),
    ...checkDirections(files),
    ...checkPackages(files),
    ...checkCycles(files),
    ...checkCopyPath(files),
    ...checkForm(files),
  ];
}
