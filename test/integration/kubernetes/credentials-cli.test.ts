// `transship credentials` at a real API server: plan, refresh, list and test of pull Secrets, with the rights that each mode prints and no
// others, in this process and by a server.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../infra/cli/main.ts';
import type { Mode } from '../../../infra/kubernetes/permissions.ts';
import { captureIo } from '../../support/captured-io.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openCliBed } from '../../support/cli-bed.ts';

const DISTRIBUTING: readonly Mode[] = ['lean', 'fast', 'secret-only', 'policy-attach', 'namespaced'];
const PASSWORD = `canary-cli-${randomBytes(12).toString('hex')}`;
const OTHER = `canary-cli-${randomBytes(12).toString('hex')}`;

// needs a real kube-apiserver with etcd
describe.skipIf(isKubernetesMissing())('credentials', () => {
  let kubernetes: Kubernetes;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'transship-credentials-'));
    const users = Object.fromEntries(DISTRIBUTING.map((mode) => [`user-${mode}`, []]));
    kubernetes = await startKubernetes({ users, hasControllers: true });
    for (const mode of DISTRIBUTING) {
      for (const name of ['a', 'b']) await kubernetes.kubectl(['create', 'namespace', `${mode}-${name}`]);
    }
  });
  afterAll(async () => {
    await kubernetes?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The configuration of one mode, which is a user and an instance of its own. */
  function configOf(mode: Mode, more = ''): string {
    const accounts = mode === 'secret-only' || mode === 'policy-attach' ? 'none' : '[default]';
    return `instance: ${mode}
registries:
  registry.example.com: { credential: { username: puller, password: { env: PASSWORD } } }
clusters: [{ name: prod, kubeconfig: { path: ${kubernetes.kubeconfigOf(`user-${mode}`)} } }]
credentials:
  - name: pull
    clusters: [prod]
    namespaces: { names: [${mode}-a, ${mode}-b] }
    registries: [registry.example.com]
    secret: { name: registry-pull }
    serviceAccounts: ${accounts}
    verify: false
${more}`;
  }

  const asAdmin = (text: string) => text.replace(/path: \S+/, `path: ${kubernetes.kubeconfigOf('admin')}`);

  function write(name: string, text: string): string {
    const file = path.join(folder, `${name}.yaml`);
    writeFileSync(file, `version: 1\ndataDir: ${path.join(folder, name)}\n${text}`);
    return file;
  }

  async function run(file: string, words: readonly string[], password = PASSWORD) {
    const io = captureIo({ env: { PASSWORD: password, HOME: folder } });
    const exitCode = await main([...words, '-c', file], io);
    const [stdout, stderr] = [io.stdout.text(), io.stderr.text()];
    // nobody sees a credential
    expect(stdout + stderr).not.toContain(password);
    return { exitCode, stdout, stderr };
  }

  it.each(DISTRIBUTING)('mode %s: the printed rights are enough', async (mode) => {
    const file = write(mode, configOf(mode));
    const manifests = await run(file, [
      'cluster',
      'manifests',
      '--mode',
      mode,
      '--user',
      `user-${mode}`,
      '--attach',
      'off',
    ]);
    expect(manifests).toMatchObject({ exitCode: 0, stderr: '' });
    await kubernetes.kubectl(['apply', '-f', '-'], { input: manifests.stdout });

    const plan = await run(file, ['credentials', 'plan', '--detailed-exit-code']);
    expect(plan).toMatchObject({ exitCode: 5, stderr: '' });
    expect(plan.stdout).toContain('+ Secret registry-pull');
    expect(await run(file, ['credentials', 'list', '--state', 'missing', '--json', '-q'])).toMatchObject({
      stdout: expect.stringContaining('"states":{"missing":2}'),
    });

    const first = await run(file, ['credentials', 'refresh']);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout).toMatch(/prod: \d+ namespaces?, 2 Secrets of ours: .*2 created/);
    const secret = JSON.parse(
      await kubernetes.kubectl(['-n', `${mode}-a`, 'get', 'secret', 'registry-pull', '-o', 'json']),
    );
    const byKubectl = JSON.parse(
      await kubernetes.kubectl([
        'create',
        'secret',
        'docker-registry',
        'x',
        '--dry-run=client',
        '-o',
        'json',
        '--docker-server=registry.example.com',
        '--docker-username=puller',
        `--docker-password=${PASSWORD}`,
      ]),
    );
    expect(secret).toMatchObject({ data: byKubectl.data, type: byKubectl.type });

    const second = await run(file, ['credentials', 'refresh']);
    expect(second.stdout).toContain('nothing to change');
    expect((await run(file, ['credentials', 'plan', '--detailed-exit-code'])).exitCode).toBe(0);
    const list = await run(file, ['credentials', 'list']);
    expect(list.stdout).toMatch(new RegExp(`prod +${mode}-a +pull +registry-pull +registry.example.com +ok`));

    const changed = await run(file, ['credentials', 'plan', '--json'], OTHER);
    expect(changed.stdout).toContain('"difference":["~ registry.example.com"]');
    expect((await run(file, ['credentials', 'refresh', '--namespace', `${mode}-b`], OTHER)).stdout).toContain(
      '1 updated',
    );
  });

  it('a Secret of somebody else is refused and left alone', async () => {
    const file = write('conflict', asAdmin(configOf('fast')).replace('registry-pull', 'theirs'));
    await kubernetes.kubectl(['-n', 'fast-a', 'create', 'secret', 'generic', 'theirs', '--from-literal=a=b']);
    const before = await kubernetes.kubectl(['-n', 'fast-a', 'get', 'secret', 'theirs', '-o', 'json']);
    const words = ['--namespace', 'fast-a'];
    expect(await run(file, ['credentials', 'refresh', ...words])).toMatchObject({
      exitCode: 4,
      stderr: expect.stringMatching(/Secret theirs was not made by Transship.*\nhint: /),
    });
    expect((await run(file, ['credentials', 'plan', ...words])).exitCode).toBe(4);
    expect((await run(file, ['credentials', 'list', ...words])).stdout).toMatch(/theirs +- +conflict/);
    expect(await kubernetes.kubectl(['-n', 'fast-a', 'get', 'secret', 'theirs', '-o', 'json'])).toBe(before);
  });

  it('a Secret of a cluster is tested', async () => {
    const file = write('tested', asAdmin(configOf('fast')));
    const target = ['credentials', 'test', 'fast-a/registry-pull'];
    expect(await run(file, [...target, 'registry.example.com/team/app:1'])).toMatchObject({ exitCode: 0 });
    expect(await run(file, [...target, 'other.example.com/team/app:1'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('error'),
    });
    expect(await run(file, ['credentials', 'test', 'fast-a/none'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('prod has no Secret fast-a/none'),
    });
  });

  it('a server that owns the data folder does it', async () => {
    const text = asAdmin(configOf('lean'));
    const bed = await openCliBed(text.replace('secret: { name: registry-pull }', 'secret: { name: by-server }'), {
      PASSWORD,
    });
    try {
      await bed.serve();
      const env = { PASSWORD: 'wrong, and not used' };
      const done = await bed.run(['credentials', 'refresh', '--force'], env);
      expect(done.exitCode).toBe(0);
      // the server looks at its clusters when it starts, and may have been faster
      expect(done.stdout).toMatch(/prod: .* Secrets of ours: (?:2 attached, 2 created|nothing to change)/);
      // of the same rule and instance, in the run of mode lean
      expect(done.stderr).toMatch(/^warning: prod\/lean-[ab]: Secret registry-pull is not wanted .* it stays/);
      const held = await kubernetes.kubectl(['-n', 'lean-a', 'get', 'secret', 'by-server', '-o', 'jsonpath={.data}']);
      expect(Buffer.from(held.split('"')[3] ?? '', 'base64').toString()).toContain(PASSWORD);
    } finally {
      await bed.remove();
    }
  });
});
