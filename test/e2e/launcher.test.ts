// The launcher in trees made for it: a checkout, an installed package, and a Node that is too old.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const LAUNCHER = path.resolve(import.meta.dirname, '../../infra/cli/launcher.js');
const MAIN = (says: string) =>
  `export async function main(argv${says === 'sources' ? ': string[]' : ''}) { console.log('${says}', ...argv); return argv.length; }`;

let root: string;
let launcher: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'transship-launcher-'));
  launcher = path.join(root, 'infra/cli/launcher.js');
  write('package.json', JSON.stringify({ type: 'module', engines: { node: '>=24.0.0' } }));
  mkdirSync(path.dirname(launcher), { recursive: true });
  copyFileSync(LAUNCHER, launcher);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, content: string, mode = 0o644): void {
  const full = path.join(root, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, content);
  chmodSync(full, mode);
}

function launch(
  ...args: string[]
): Promise<{ exitCode: number | string | null | undefined; stdout: string; stderr: string }> {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof launch>>>();
  const env = { ...process.env, XDG_CACHE_HOME: path.join(root, 'cache'), NODE_COMPILE_CACHE: '' };
  execFile(process.execPath, [launcher, ...args], { env }, (error, stdout, stderr) =>
    resolve({ exitCode: error ? error.code : 0, stdout, stderr }),
  );
  return promise;
}

it('runs the sources of a checkout, even beside a bundle, and exits with their code', async () => {
  write('infra/cli/main.ts', MAIN('sources'));
  write('dist/main.js', MAIN('bundle'));
  expect(await launch('a', 'b c')).toEqual({ exitCode: 2, stdout: 'sources a b c\n', stderr: '' });
});

it('runs the bundle of an installed package', async () => {
  write('dist/main.js', MAIN('bundle'));
  expect(await launch()).toEqual({ exitCode: 0, stdout: 'bundle\n', stderr: '' });
});

describe('the cache of compiled code', () => {
  const cache = () => path.join(root, 'cache/transship/code');

  it('is a folder of the user alone', async () => {
    write('infra/cli/main.ts', MAIN('sources'));
    await launch();
    expect(readdirSync(cache())).toHaveLength(1);
    expect(statSync(cache()).mode & 0o777).toBe(0o700);
  });

  it('is not used where others may write', async () => {
    write('infra/cli/main.ts', MAIN('sources'));
    mkdirSync(cache(), { recursive: true });
    chmodSync(cache(), 0o777);
    expect(await launch()).toMatchObject({ exitCode: 0 });
    expect(readdirSync(cache())).toEqual([]);
  });

  it('is done without where it cannot be made', async () => {
    write('infra/cli/main.ts', MAIN('sources'));
    write('cache', 'a file');
    expect(await launch()).toEqual({ exitCode: 0, stdout: 'sources\n', stderr: '' });
  });
});

describe('on a Node that is too old', () => {
  beforeEach(() => write('package.json', JSON.stringify({ type: 'module', engines: { node: '>=99.1.2' } })));

  it('says in two lines what is wrong and what to do', async () => {
    write('infra/cli/main.ts', MAIN('sources'));
    expect(await launch()).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `transship needs Node 99.1.2 or later; this is Node ${process.versions.node}\nhint: run npm ci, which brings Node 99\n`,
    });
  });

  it('says in an installed package where to get a newer one', async () => {
    write('dist/main.js', MAIN('bundle'));
    expect(await launch()).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('hint: install it from https://nodejs.org\n'),
    });
  });

  it('hands over to the Node of the checkout, arguments and exit code included', async () => {
    write('infra/cli/main.ts', MAIN('sources'));
    write('node_modules/.bin/node', '#!/bin/sh\nshift\necho "local node: $*"\nexit 7\n', 0o755);
    expect(await launch('copy', 'a')).toEqual({ exitCode: 7, stdout: 'local node: copy a\n', stderr: '' });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('passes %s on to the Node of the checkout', async (signal) => {
    write('infra/cli/main.ts', MAIN('sources'));
    const body = `trap 'exit 9' ${signal.slice(3)}\necho ready\nfor i in $(seq 100); do sleep 0.05; done\n`;
    write('node_modules/.bin/node', `#!/bin/sh\n${body}`, 0o755);
    const child = spawn(process.execPath, [launcher], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([9, null]);
  });
});
