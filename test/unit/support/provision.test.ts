// Provisioning on a made-up machine: apt-get, go and the components are small scripts in a folder that is the whole PATH.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { provision, provisionTable } from '../../support/provision.ts';
import type { Component } from '../../support/provision/components.ts';
import type { Machine } from '../../support/provision/install.ts';
import { withLock } from '../../support/provision/lock.ts';

const SERVER: Component = {
  name: 'docker-registry',
  binary: 'docker-registry',
  version: '2.8',
  versionArguments: ['--version'],
  accepts: /2\.8/,
  debianPackage: 'docker-registry',
};
const BUILT: Component = {
  name: 'crane',
  binary: 'crane',
  version: '0.22.1',
  versionArguments: ['version'],
  accepts: /0\.22/,
  goPackage: 'example.com/crane@v0.22.1',
  buildTime: '1 s',
};

const INSTALLED: Component = {
  name: 'moto',
  binary: 'moto_server',
  version: '5.2.5',
  versionArguments: ['--help'],
  accepts: /Which host/,
  pythonPackage: 'moto[server]==5.2.5',
  module: 'moto.server',
  buildTime: '1 s',
};

/** Two programs of one build. */
const TOGETHER = {
  version: '1.36.3',
  versionArguments: ['--version'],
  accepts: /v1\.36\./,
  goModule: '/the/module',
  goPackages: ['example.com/cmd/kube-apiserver', 'example.com/cmd/kubectl'],
  goVariables: { 'example.com/version': 'v1.36.3' },
  cacheName: 'kubernetes',
  folderVariable: 'KUBEBUILDER_ASSETS',
  buildTime: '1 s',
} as const;
const API_SERVER: Component = { ...TOGETHER, name: 'kube-apiserver', binary: 'kube-apiserver' };
const KUBECTL: Component = { ...TOGETHER, name: 'kubectl', binary: 'kubectl' };

let folder: string;
let bin: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-provision-'));
  bin = path.join(folder, 'bin');
  mkdirSync(bin);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, body: string): string {
  const file = path.join(bin, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

function machine(extra: NodeJS.ProcessEnv = {}, isRoot = true): Machine {
  const cache = path.join(folder, 'cache');
  return { env: { PATH: bin, TRANSSHIP_TEST_CACHE: cache, ...extra }, isRoot, say: () => undefined };
}

const log = () => readFileSync(path.join(folder, 'log'), 'utf8');

it('takes the program that an environment variable names, whatever its version', async () => {
  script('docker-registry', 'echo 2.8.2');
  const given = script('mine', 'echo 9');
  const [found] = await provision(machine({ TRANSSHIP_TEST_DOCKER_REGISTRY: given }), [SERVER]);
  expect(found).toMatchObject({ path: given, from: 'environment' });
});

it('refuses an environment variable that names no program', async () => {
  const wrong = machine({ TRANSSHIP_TEST_DOCKER_REGISTRY: path.join(folder, 'nowhere') });
  await expect(provision(wrong, [SERVER])).rejects.toThrow(/TRANSSHIP_TEST_DOCKER_REGISTRY names .*nowhere/);
});

it('takes the right version on the PATH and passes over a namesake', async () => {
  const other = path.join(folder, 'other');
  mkdirSync(other);
  writeFileSync(path.join(other, 'docker-registry'), '#!/bin/sh\necho 3.0.0\n', { mode: 0o755 });
  const right = script('docker-registry', 'echo docker-registry 2.8.2');
  const [found] = await provision(machine({ PATH: `${other}:${bin}` }), [SERVER]);
  expect(found).toMatchObject({ path: right, from: 'path' });
});

it('installs all missing packages with one apt-get, as root', async () => {
  script('apt-get', `echo "$@" >>${folder}/log; [ "$1" = update ] || ${makeScript('docker-registry', 'echo 2.8.2')}`);
  const [found] = await provision(machine(), [SERVER]);
  expect(found).toMatchObject({ from: 'path' });
  expect(log()).toMatch(/^update .*\ninstall -y .* docker-registry\n$/);
});

it('does not try to install packages without being root and says what it takes', async () => {
  script('apt-get', `echo "$@" >>${folder}/log`);
  const provisioned = await provision(machine({}, false), [SERVER]);
  expect(provisioned).toMatchObject([{ missing: 'apt-get install docker-registry needs root' }]);
  expect(provisionTable(provisioned)).toMatch(/docker-registry 2.8 +MISSING .*or set TRANSSHIP_TEST_DOCKER_REGISTRY/);
  expect(log).toThrow(/ENOENT/);
});

it('builds a Go program into the cache once', async () => {
  script('go', `echo "$@" >>${folder}/log; echo 'echo 0.22.1' >"$GOBIN/crane"; /bin/chmod +x "$GOBIN/crane"`);
  const built = path.join(folder, 'cache', 'crane-0.22.1', 'crane');
  expect(await provision(machine(), [BUILT])).toMatchObject([{ path: built, from: 'cache' }]);
  expect(await provision(machine(), [BUILT])).toMatchObject([{ path: built, from: 'cache' }]);
  expect(log()).toBe('install example.com/crane@v0.22.1\n');
});

it('builds the programs of a Go module of ours together, into one folder', async () => {
  const program = (name: string) => `echo 'echo v1.36.3' >"$out/${name}"; /bin/chmod +x "$out/${name}"`;
  const out = `for last; do case $last in */) out=$last;; esac; done`;
  script('go', `echo "$@" >>${folder}/log; ${out}; ${program('kube-apiserver')}; ${program('kubectl')}`);
  const built = path.join(folder, 'cache', 'kubernetes-1.36.3');
  expect(await provision(machine(), [API_SERVER, KUBECTL])).toMatchObject([
    { path: path.join(built, 'kube-apiserver'), from: 'cache' },
    { path: path.join(built, 'kubectl'), from: 'cache' },
  ]);
  expect(log()).toMatch(
    /^build -C \/the\/module -trimpath -ldflags=-s -w -X example.com\/version=v1.36.3 -o .*\/ example.com\/cmd\/kube-apiserver example.com\/cmd\/kubectl\n$/,
  );
});

it('takes the programs that the tests of others use, where they have the right version', async () => {
  const assets = path.join(folder, 'assets');
  mkdirSync(assets);
  writeFileSync(path.join(assets, 'kube-apiserver'), '#!/bin/sh\necho Kubernetes v1.36.0\n', { mode: 0o755 });
  writeFileSync(path.join(assets, 'kubectl'), '#!/bin/sh\necho v1.20.0\n', { mode: 0o755 });
  script('go', 'exit 1');
  const provisioned = await provision(machine({ KUBEBUILDER_ASSETS: assets }), [API_SERVER, KUBECTL]);
  expect(provisioned).toMatchObject([
    { path: path.join(assets, 'kube-apiserver'), from: 'environment' },
    { missing: expect.stringMatching(/^go build .* failed/) },
  ]);
});

it('installs a Python program into the cache, where it still starts after the folder got its name', async () => {
  const python = `#!/bin/sh\necho "$@" >>${folder}/log; echo Which host\n`;
  writeFileSync(path.join(folder, 'python'), python, { mode: 0o755 });
  script('python3', `/bin/mkdir -p "$3/bin"; /bin/cp ${folder}/python "$3/bin/python"`);
  const installed = path.join(folder, 'cache', 'moto-5.2.5', 'moto_server');
  const withDirname = machine({ PATH: `${bin}:/usr/bin:/bin` });
  expect(await provision(withDirname, [INSTALLED])).toMatchObject([{ path: installed, from: 'cache' }]);
  expect(execFileSync(installed, ['-p', '1'], { encoding: 'utf8' })).toBe('Which host\n');
  expect(log()).toBe('-m pip install --quiet --disable-pip-version-check moto[server]==5.2.5\n-m moto.server -p 1\n');
});

it('names the last words of a build that failed and leaves nothing half-done', async () => {
  script('go', `echo broken >"$GOBIN/crane"; echo "compiling" >&2; echo "no such module" >&2; exit 1`);
  const [found] = await provision(machine(), [BUILT]);
  expect(found).toMatchObject({ missing: 'go install example.com/crane@v0.22.1 failed: no such module' });
  expect(() => readFileSync(path.join(folder, 'cache', 'crane-0.22.1', 'crane'))).toThrow(/ENOENT/);
});

it('builds once when two runs start at the same time', async () => {
  script(
    'go',
    `echo run >>${folder}/log; echo 'echo 0.22.1' >"$GOBIN/crane"; /bin/chmod +x "$GOBIN/crane"; /bin/sleep 0.3`,
  );
  await Promise.all([provision(machine(), [BUILT]), provision(machine(), [BUILT])]);
  expect(log()).toBe('run\n');
});

it('takes over a lock whose owner was killed', async () => {
  const lock = path.join(folder, 'lock');
  const holder = `import { withLock } from ${JSON.stringify(path.resolve('test/support/provision/lock.ts'))};
    await withLock(${JSON.stringify(lock)}, () => new Promise((resolve) => { console.log('held'); setTimeout(resolve, 60_000); }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', holder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  let isReleased = false;
  const taken = withLock(lock, () => Promise.resolve(isReleased));
  isReleased = child.kill('SIGKILL');
  expect(await taken).toBe(true);
});

/** A shell command that makes a script. */
function makeScript(name: string, body: string): string {
  return `{ printf '#!/bin/sh\\n%s\\n' '${body}' >${bin}/${name}; /bin/chmod +x ${bin}/${name}; }`;
}
