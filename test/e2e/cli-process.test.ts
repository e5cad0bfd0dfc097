// The command as a real process: what only a process has, such as signals, pipes and shells.
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const LAUNCHER = resolve(import.meta.dirname, '../../infra/cli/launcher.js');

let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transship-process-'));
  await symlink(LAUNCHER, join(folder, 'transship'));
  await chmod(LAUNCHER, 0o755);
  await symlink(process.execPath, join(folder, 'node'));
  env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}`, HOME: folder, NO_COLOR: '1' };
});

afterAll(() => rm(folder, { recursive: true }));

describe('the process', () => {
  test('exits with 2 and no stack trace on a mistake', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, 'inspect', 'Alpine'], {
      env,
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^transship: invalid reference "Alpine": .*\nhint: .*\n$/);
  });

  test('prints version and help, and exits with 0', () => {
    const version = spawnSync(process.execPath, [LAUNCHER, '--version'], { env, encoding: 'utf8' });
    expect(version).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+.*\n$/), stderr: '' });
    const help = spawnSync(process.execPath, [LAUNCHER, 'copy', '--help'], { env, encoding: 'utf8' });
    expect(help).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/Examples:[^]*Exit codes:[^]*130/),
      stderr: '',
    });
  });

  test('is quiet when the reader of its output goes away', async () => {
    const { stdout, stderr } = await run('bash', ['-c', 'transship help | true; echo "${PIPESTATUS[0]}"'], { env });
    expect(stdout).toBe('0\n');
    expect(stderr).toBe('');
  });

  test('says so when its output can not be written', async () => {
    const { stdout, stderr } = await run('bash', ['-c', 'transship version >/dev/full; echo "$?"'], { env });
    expect(stdout).toBe('1\n');
    expect(stderr).toMatch(/^transship: the output can't be written: ENOSPC.*\nhint: /);
  });
});

describe('Ctrl-C', () => {
  let server: Server;
  let host: string;
  let arrived: Promise<void>;

  beforeAll(async () => {
    let arrive: () => void;
    arrived = new Promise((resolve) => (arrive = resolve));
    // a registry that takes every request and answers none
    server = createServer(() => arrive());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('ends a waiting command with 130, a sentence and a hint', async () => {
    const child = spawn(process.execPath, [LAUNCHER, '--plain-http', host, 'tags', `${host}/team/app`], { env });
    const stderr = textOf(child);
    await Promise.race([arrived, once(child, 'close')]);
    child.kill('SIGINT');
    const [exitCode, signal] = await once(child, 'close');
    expect({ exitCode, signal }).toEqual({ exitCode: 130, signal: null });
    expect(stderr()).toMatch(/^transship: interrupted.*\nhint: .*\n$/);
  });
});

describe('completion', () => {
  test('bash completes commands, options and values', async ({ skip }) => {
    skip(isAbsent('bash'), 'bash is not installed');
    expect(await inBash('transship', 'comp')).toEqual(['completion']);
    expect(await inBash('transship', 'copy', '--plat')).toEqual(['--platform', '--platform-mode']);
    expect(await inBash('transship', 'copy', '--on-conflict', 're')).toEqual(['refuse']);
  });

  test('bash completes file names where a file is expected', async ({ skip }) => {
    skip(isAbsent('bash'), 'bash is not installed');
    await writeFile(join(folder, 'auth.json'), '{}');
    expect(await inBash('transship', '--authfile', join(folder, 'au'))).toEqual([join(folder, 'auth.json')]);
  });

  test('zsh loads the script and completes commands with their meaning', async ({ skip }) => {
    skip(isAbsent('zsh'), 'zsh is not installed');
    // the completion system needs a terminal, so what the script hands to it is looked at
    const script = [
      'autoload -U compinit && compinit -D',
      'source <(transship completion zsh)',
      '_describe() { print -l -- "${(@P)2}" }',
      '_files() { print files }',
      'words=(transship comp) CURRENT=2; _transship',
      "words=(transship copy --platform-mode '') CURRENT=4; _transship",
      'words=(transship --ca-file x) CURRENT=3; _transship',
    ].join('\n');
    const { stdout } = await run('zsh', ['-f', '-c', script], { env });
    expect(stdout.split('\n')).toEqual([
      'completion:print a completion script for a shell',
      'keep',
      'rewrite',
      'sparse',
      'files',
      '',
    ]);
  });

  test('fish completes commands with their meaning, values and files', async ({ skip }) => {
    skip(isAbsent('fish'), 'fish is not installed');
    await writeFile(join(folder, 'auth.json'), '{}');
    const ask = async (line: string) => {
      const script = `transship completion fish | source; complete -C ${JSON.stringify(line)}`;
      const { stdout } = await run('fish', ['--no-config', '-c', script], { env, cwd: folder });
      return stdout.trimEnd().split('\n');
    };
    expect(await ask('transship ins')).toEqual(['inspect\tshow what a reference is made of']);
    expect((await ask('transship copy --on-conflict ')).toSorted()).toEqual(['backup', 'overwrite', 'refuse']);
    expect(await ask('transship --authfile aut')).toEqual(['auth.json']);
  });
});

async function inBash(...words: string[]): Promise<string[]> {
  const script = [
    'source <(transship completion bash)',
    `COMP_WORDS=(${words.map((word) => JSON.stringify(word)).join(' ')}) COMP_CWORD=${words.length - 1}`,
    '_transship; printf "%s\\n" "${COMPREPLY[@]}"',
  ].join('\n');
  const { stdout } = await run('bash', ['--norc', '-c', script], { env });
  return stdout.trimEnd().split('\n');
}

function isAbsent(program: string): boolean {
  return spawnSync(program, ['--version']).error !== undefined;
}

function textOf({ stderr }: ChildProcess): () => string {
  const chunks: string[] = [];
  stderr?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  return () => chunks.join('');
}
