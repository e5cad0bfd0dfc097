// Finds a component that is already there: named by an environment variable, in the cache, or on the PATH. Installs nothing.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { environmentVariable, type Component } from './components.ts';

export type Located = { path: string; from: 'environment' | 'cache' | 'path' };

/** Where built programs are kept between runs and checkouts. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return path.resolve(env['TRANSSHIP_TEST_CACHE'] || path.join(env['HOME'] || homedir(), '.cache', 'transship-test'));
}

/** The folder of one version of one component in the cache; components that are built together share theirs. */
export function cacheFolderOf(component: Component, env: NodeJS.ProcessEnv): string {
  const name = 'cacheName' in component ? component.cacheName : component.name;
  return path.join(cacheFolder(env), `${name}-${component.version}`);
}

/** @throws Error if the environment variable names a file that cannot be run: a wrong setting must not be passed over */
export function locate(component: Component, env: NodeJS.ProcessEnv): Located | undefined {
  const variable = environmentVariable(component);
  const given = env[variable];
  if (given) {
    if (!isProgram(given)) throw new Error(`${variable} names ${given}, which is not a program`);
    return { path: path.resolve(given), from: 'environment' };
  }
  const folder = 'folderVariable' in component ? env[component.folderVariable] : undefined;
  const beside = folder === undefined ? undefined : path.resolve(folder, component.binary);
  if (beside !== undefined && isProgram(beside) && isRight(component, beside, env)) {
    return { path: beside, from: 'environment' };
  }
  const cached = path.join(cacheFolderOf(component, env), component.binary);
  if (isProgram(cached)) return { path: cached, from: 'cache' };
  const found = searchPath(component.binary, env).find((candidate) => isRight(component, candidate, env));
  return found === undefined ? undefined : { path: found, from: 'path' };
}

/** All programs of that name on the PATH, first come first. */
export function searchPath(binary: string, env: NodeJS.ProcessEnv): string[] {
  return (env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, binary))
    .filter(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isRight(component: Component, file: string, env: NodeJS.ProcessEnv): boolean {
  try {
    const output = execFileSync(file, component.versionArguments, {
      env,
      encoding: 'utf8',
      timeout: 10_000,
      stdio: 'pipe',
    });
    return component.accepts.test(output.trim());
  } catch {
    return false;
  }
}

/** Those of the components that are there. */
export function locateAll(components: readonly Component[], env: NodeJS.ProcessEnv): Map<Component, Located> {
  const located = components.map((component) => [component, locate(component, env)] as const);
  return new Map(located.flatMap(([component, found]) => (found ? [[component, found]] : [])));
}
