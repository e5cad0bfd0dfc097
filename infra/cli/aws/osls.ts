// osls, the program that packages and deploys: one that is on the PATH, or the one that npm fetches.
// https://github.com/oss-serverless/osls
import { execFile, spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { TransshipError } from '../../../shared/errors.ts';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { packageRoot } from '../package-root.ts';

export type Osls = { command: string; words: readonly string[]; description: string };

/** What this version was tried with. */
const OSLS_VERSION = '4.3.1';
const MAJOR = '4';
/** Of what it says, for errors. */
const LAST_LINES = 12;

/** Undefined where there is no way to get it. */
export async function findOsls(env: NodeJS.ProcessEnv): Promise<Osls | undefined> {
  const folders = [path.join(packageRoot().folder, 'node_modules', '.bin'), ...foldersOf(env)];
  for (const folder of folders) {
    const command = path.join(folder, 'osls');
    if (!(await isProgram(command))) continue;
    const version = await versionOf(command, env);
    if (version?.split('.')[0] === MAJOR) return { command, words: [], description: `osls ${version} (${command})` };
  }
  for (const folder of foldersOf(env)) {
    const command = path.join(folder, 'npx');
    if (!(await isProgram(command))) continue;
    const description = `osls ${OSLS_VERSION}, which npx fetches when it is needed`;
    return { command, words: ['--yes', `osls@${OSLS_VERSION}`], description };
  }
  return undefined;
}

/**
 * Runs it in a folder; what it says goes to stderr as it comes, unless nobody wants to read it.
 * @throws TransshipError deploy-failed with its last words, interrupted
 */
export async function runOsls(
  { io, globals, signal }: Context,
  words: readonly string[],
  { folder, env = {} }: { folder: string; env?: NodeJS.ProcessEnv },
): Promise<void> {
  const osls = await findOsls(io.env);
  if (osls === undefined) {
    throw new TransshipError('deploy-failed', 'there is neither osls nor npx on the PATH', {
      hint: `install it: npm install --global osls@${OSLS_VERSION}`,
    });
  }
  const isSilent = globals.quiet === true || globals.json === true;
  const said: string[] = [];
  const child = spawn(osls.command, [...osls.words, ...words], {
    cwd: folder,
    env: { ...asTheCaller(io.env, words), ...env, SLS_NOTIFICATIONS_MODE: 'off', SLS_TRACKING_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C at the terminal is for this program, which passes it on
    signal,
    killSignal: 'SIGINT',
  });
  const hear = (chunk: Buffer) => {
    said.push(chunk.toString('utf8'));
    if (!isSilent) io.stderr.write(chunk);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject);
  child.on('close', resolve);
  const exitCode = await promise.catch((error: unknown) => {
    signal.throwIfAborted();
    throw failure(osls, words, [error instanceof Error ? error.message : String(error)]);
  });
  signal.throwIfAborted();
  if (exitCode !== 0) throw failure(osls, words, said);
}

/**
 * Variables that only osls reads make it somebody else than who was shown and asked about: `AWS_PROD_PROFILE`, `AWS_PROD_ACCESS_KEY_ID`
 * where the stage is `prod`, and the profile by default.
 */
export function asTheCaller(env: NodeJS.ProcessEnv, words: readonly string[]): NodeJS.ProcessEnv {
  const stage = (words[words.indexOf('--stage') + 1] ?? '').toUpperCase();
  const names = ['PROFILE', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN'].map(
    (name) => `AWS_${stage}_${name}`,
  );
  const left = new Set([...names, 'AWS_DEFAULT_PROFILE']);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !left.has(name)));
}

function failure({ words: fetching }: Osls, [verb = '']: readonly string[], said: readonly string[]): TransshipError {
  const text = said.join('');
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const isOffline =
    fetching.length > 0 && /ENOTFOUND|EAI_AGAIN|ENOTCACHED|ETIMEDOUT|ECONNREFUSED|npm (?:ERR!|error)/.test(text);
  const why = printable(lines.slice(-LAST_LINES).join(' · '), 1500);
  return new TransshipError('deploy-failed', `osls ${verb} failed: ${why}`, {
    hint: isOffline
      ? `npm could not fetch osls: install it where there is a network (npm install --global osls@${OSLS_VERSION}), and see that it is on the PATH`
      : 'what it says is above; transship aws doctor looks at identity, rights and the stack',
  });
}

async function versionOf(command: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, ['--version'], { env, timeout: 30_000 });
    return /(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function foldersOf(env: NodeJS.ProcessEnv): string[] {
  return (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
}

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
