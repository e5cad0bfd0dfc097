// What follows from imports together: no cycles between files, and what the `copy` command loads.
import type { SourceFile } from './source-file.ts';

/** Finds one cycle for every group of files that import each other in a circle; an import of a type counts. */
export function checkCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(files.map((file) => [file.path, new Set(file.imports.map(({ target }) => target))]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start !== -1) cycles.push(`${[...trail.slice(start), path].join(' -> ')}: a cycle of imports`);
    if (start !== -1 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}

const ENTRY = 'infra/cli/main.ts';
const COPY = 'infra/cli/commands/copy.ts';

/** Finds the way by which `copy` would load zod: half as slow to import as a whole small copy takes. */
export function checkCopyPath(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const missing = [ENTRY, COPY].filter((path) => !byPath.has(path));
  if (missing.length > 0) return missing.map((path) => `${path}: is missing, so the imports of copy cannot be checked`);
  const trails = new Map([ENTRY, COPY].map((path) => [path, [path]]));
  const violations: string[] = [];
  // a Map hands out entries that are added on the way
  for (const [path, trail] of trails) {
    for (const { target, kind } of byPath.get(path)?.imports ?? []) {
      if (!isLoaded(trail, kind)) continue;
      if (/^zod(\/|$)/.test(target)) violations.push(`${[...trail, target].join(' -> ')}: copy must not load zod`);
      else if (byPath.has(target) && !trails.has(target)) trails.set(target, [...trail, target]);
    }
  }
  return violations;
}

/** Of lazy imports only those of the command itself are sure to be loaded; main's are the other commands. */
function isLoaded(trail: readonly string[], kind: 'static' | 'type' | 'lazy'): boolean {
  if (kind === 'lazy') return trail[0] === COPY && trail.every((path) => path.startsWith('infra/cli/'));
  return kind === 'static';
}
