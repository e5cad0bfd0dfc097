// Installs components that are not there: Debian packages as root, Go programs by `go install` and Python ones by `pip` into the cache.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Component, GoModulePrograms } from './components.ts';
import { cacheFolder, cacheFolderOf, searchPath } from './locate.ts';

const run = promisify(execFile);

/** What the system can install by itself. */
export type Machine = {
  env: NodeJS.ProcessEnv;
  /** The current user may use the package manager. */
  isRoot: boolean;
  say: (line: string) => void;
};

/** Installs all Debian packages at once. @throws Error that says why it cannot */
export async function installDebianPackages(names: readonly string[], { env, isRoot, say }: Machine): Promise<void> {
  const [aptGet] = searchPath('apt-get', env);
  if (aptGet === undefined) throw new Error(`only Debian and its like have the package ${names.join(', ')}`);
  if (!isRoot) throw new Error(`apt-get install ${names.join(' ')} needs root`);
  say(`installing ${names.join(', ')} with apt-get`);
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  const aptEnv = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
  await runOrExplain(aptGet, ['update', ...options], aptEnv);
  await runOrExplain(aptGet, ['install', '-y', '--no-install-recommends', ...options, ...names], aptEnv);
}

/** Builds a Go program into the cache; the program appears there whole or not at all. @throws Error that says why it cannot */
export async function installGoProgram(
  component: Component & { goPackage: string; buildTime: string },
  machine: Machine,
) {
  const { env, say } = machine;
  const go = [...searchPath('go', env), '/usr/local/go/bin/go'].find((file) => existsSync(file));
  if (go === undefined) throw new Error(`building ${component.goPackage} needs Go`);
  say(`building ${component.name} ${component.version}, this once (about ${component.buildTime})`);
  await inCache(component, env, (folder) =>
    runOrExplain(go, ['install', component.goPackage], { ...env, GOBIN: folder }),
  );
}

/** Builds the programs of a Go module of ours into their folder of the cache, all at once. @throws Error that says why it cannot */
export async function buildGoModule(component: Component & GoModulePrograms, machine: Machine): Promise<void> {
  const { env, say } = machine;
  // built already, for another of them
  if (existsSync(path.join(cacheFolderOf(component, env), component.binary))) return;
  const { cacheName, version, buildTime, goModule, goPackages, goVariables } = component;
  const go = [...searchPath('go', env), '/usr/local/go/bin/go'].find((file) => existsSync(file));
  if (go === undefined) throw new Error(`building ${component.name} needs Go`);
  say(`building ${cacheName} ${version}, this once (about ${buildTime})`);
  const variables = Object.entries(goVariables).map(([name, value]) => `-X ${name}=${value}`);
  const flags = ['-trimpath', `-ldflags=-s -w ${variables.join(' ')}`];
  await inCache(component, env, (folder) =>
    runOrExplain(go, ['build', '-C', goModule, ...flags, '-o', `${folder}/`, ...goPackages], env),
  );
}

/** Installs a Python program with all it needs into the cache, apart from the system's. @throws Error that says why it cannot */
export async function installPythonProgram(
  component: Component & { pythonPackage: string; module: string; buildTime: string },
  machine: Machine,
) {
  const { env, say } = machine;
  const [python] = searchPath('python3', env);
  if (python === undefined) throw new Error(`installing ${component.pythonPackage} needs Python 3`);
  say(`installing ${component.name} ${component.version}, this once (about ${component.buildTime})`);
  await inCache(component, env, async (folder) => {
    const environment = path.join(folder, 'venv');
    await runOrExplain(python, ['-m', 'venv', environment], env);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', component.pythonPackage];
    await runOrExplain(path.join(environment, 'bin', 'python'), pip, env);
    // not the script that pip made: its first line names the folder before it gets its final name
    const launcher = `#!/bin/sh\nexec "$(dirname "$0")/venv/bin/python" -m ${component.module} "$@"\n`;
    await writeFile(path.join(folder, component.binary), launcher, { mode: 0o755 });
  });
}

/** Lets `build` fill a folder, which becomes the component's in one step. */
async function inCache(component: Component, env: NodeJS.ProcessEnv, build: (folder: string) => Promise<void>) {
  await mkdir(cacheFolder(env), { recursive: true });
  const folder = await mkdtemp(path.join(cacheFolder(env), `.building-${component.name}-`));
  try {
    await build(folder);
    const target = cacheFolderOf(component, env);
    await rm(target, { recursive: true, force: true });
    await rename(folder, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runOrExplain(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await run(program, args, { env, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    const lastLine = output.split('\n').at(-1);
    throw new Error(`${path.basename(program)} ${args.join(' ')} failed: ${lastLine}`, { cause: error });
  }
}
