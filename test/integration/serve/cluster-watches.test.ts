// The watches of a server through changes of its configuration, at an API server of loopback.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { startNamespacesServer } from '../../support/namespaces-server.ts';
import { mirrorConfig, serveBed, startServe, until, type ServeBed } from '../../support/serve-process.ts';

const PASSWORD = `canary-password-${crypto.randomUUID()}`;
const TOKEN = `canary-cluster-token-${crypto.randomUUID()}`;

/** Plain HTTP to this machine is for kubeconfigs only. */
function writeKubeconfig({ folder }: ServeBed, server: string, user: object = { token: TOKEN }): string {
  const file = path.join(folder, 'kubeconfig');
  const one = 'test';
  const text = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: one, cluster: { server } }],
    users: [{ name: one, user }],
    contexts: [{ name: one, context: { cluster: one, user: one } }],
    'current-context': one,
  };
  // JSON is YAML
  writeFileSync(file, JSON.stringify(text));
  return file;
}

function config(kubeconfig: string, repository: string) {
  const base = mirrorConfig('127.0.0.1:9', ['127.0.0.1:10']);
  return {
    ...base,
    registries: {
      ...(base['registries'] as object),
      'registry.example.com': { credential: { username: 'bob', password: { env: 'TEST_PASSWORD' } } },
    },
    mirrors: [{ name: 'app', from: '127.0.0.1:9/t/app', to: [`127.0.0.1:10/${repository}`], schedule: 'off' }],
    clusters: [{ name: 'test', kubeconfig: { path: kubeconfig } }],
    credentials: [
      {
        name: 'pull',
        clusters: ['test'],
        namespaces: { names: ['n-*'] },
        registries: ['registry.example.com'],
        secret: { name: 'registry-pull' },
        serviceAccounts: 'none',
        verify: false,
      },
    ],
  };
}

const isWatch = (asked: string): boolean => asked.startsWith('/api/v1/namespaces?') && asked.includes('watch=true');

it('goes on watching when another part of the configuration has its connections opened anew', async () => {
  await using cluster = await startNamespacesServer();
  await using bed = await serveBed();
  const kubeconfig = writeKubeconfig(bed, cluster.url);
  bed.write(config(kubeconfig, 'before'));
  await using serve = await startServe(bed, { env: { TEST_PASSWORD: PASSWORD } });
  await until(() => cluster.requests.some(({ path: asked }) => isWatch(asked)));

  bed.write(config(kubeconfig, 'after'));
  await until(() => cluster.requests.filter(({ path: asked }) => isWatch(asked)).length === 2);
  cluster.create('n-after');
  expect(await serve.line('a namespace was created')).toMatchObject({ namespace: 'n-after', source: 'watch' });
});

it('ends in time while the login to a cluster hangs', async () => {
  await using bed = await serveBed();
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sleep',
    args: ['40'],
    interactiveMode: 'Never',
  };
  const kubeconfig = writeKubeconfig(bed, 'http://127.0.0.1:9', { exec });
  bed.write(config(kubeconfig, 'before'));
  await using serve = await startServe(bed, { env: { TEST_PASSWORD: PASSWORD } });
  const startedAt = performance.now();
  expect(await serve.end('SIGTERM')).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(12_000);
});
