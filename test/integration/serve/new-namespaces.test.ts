// A new Namespace of a real cluster has its Secret, and its ServiceAccount the reference, within a second: by the watch, by the admission
// webhook that the API server calls at our HTTPS address, and by a CloudEvent. Times are those of the API server's own audit log.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClusterSenders } from '../../../functions/namespace-created/cluster-senders.ts';
import { manifestsOf } from '../../../infra/kubernetes/manifests.ts';
import { loadConfig } from '../../../shared/config/load.ts';
import type { Config } from '../../../shared/config/config.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { createAuthority, type Authority } from '../../support/certificates.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { freePort } from '../../support/servers.ts';
import { serveBed, startServe, until, type ServeBed, type ServeProcess } from '../../support/serve-process.ts';

const COUNT = 50;
const MOST_MS = 1000;
const USERS = ['watching', 'told', 'mutating'] as const;
type User = (typeof USERS)[number];

const PASSWORD = `canary-password-${crypto.randomUUID()}`;
const MASTER_KEY = `canary-master-key-${crypto.randomUUID()}`;

let kubernetes: Kubernetes;

// needs the binaries of Kubernetes
describe.skipIf(isKubernetesMissing())('a new Namespace', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes({
      users: Object.fromEntries(USERS.map((user) => [user, []])),
      hasControllers: true,
    });
  }, 120_000);

  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  it('gets its credentials by the watch', async () => {
    await using scene = await openScene('watching', { isWatching: true });
    const names = await createNamespaces('watched');
    await expectAll(names, scene);
    // the rights that are printed for a watch are enough for all that is watched
    expect(scene.server.log.map(({ msg }) => msg).filter((msg) => msg.includes('watched'))).toEqual([]);
  });

  it('gets its credentials by the admission webhook alone', async () => {
    await using scene = await openScene('told', { isWatching: false });
    await scene.server.line('a cluster may not be watched: what nobody tells of is found later');
    await scene.useWebhooks('off');
    const names = await createNamespaces('reviewed');
    await expectAll(names, scene);
    expect(scene.sources()).toEqual(['admission']);
  });

  it('gets its credentials by a CloudEvent alone', async () => {
    await using scene = await openScene('told', { isWatching: false });
    const names = await createNamespaces('announced', async (name) => {
      const event = {
        specversion: '1.0',
        type: 'dev.knative.apiserver.resource.add',
        source: kubernetes.server,
        id: name,
        data: { kind: 'Namespace', apiVersion: 'v1', metadata: { name } },
      };
      const headers = { 'content-type': 'application/cloudevents+json' };
      const body = JSON.stringify(event);
      const answer = await fetch(`${scene.server.url}/k8s/events/test/${scene.token}`, {
        method: 'POST',
        headers,
        body,
      });
      expect(answer.status).toBe(202);
    });
    await expectAll(names, scene);
    expect(scene.sources()).toEqual(['knative']);
  });

  it('has the reference before the ServiceAccount is stored, where a webhook adds it', async () => {
    await using scene = await openScene('mutating', { isWatching: false });
    await scene.useWebhooks('webhook');
    await kubernetes.forgetAuditEvents();
    const names = await createNamespaces('mutated');
    await expectReady(names);
    const patches = (await kubernetes.auditEvents()).filter(
      ({ resource, verb }) => resource === 'serviceaccounts' && verb === 'patch',
    );
    expect(patches).toEqual([]);
  });
});

type Scene = AsyncDisposable & {
  server: ServeProcess;
  token: string;
  /** Makes the API server call us, and waits until it does. */
  useWebhooks(attach: 'off' | 'webhook'): Promise<void>;
  /** Who told of Namespaces. */
  sources(): unknown[];
};

/** A server that may do in the cluster what the manifests for it say, and nothing more. */
async function openScene(user: User, { isWatching }: { isWatching: boolean }): Promise<Scene> {
  await using opened = new AsyncDisposableStack();
  const bed = opened.use(await serveBed());
  const authority = createAuthority(bed.folder);
  const admissionPort = await freePort();
  writeConfig(bed, user, authority, admissionPort);
  const { config } = await loadConfig([bed.configFile], { env: {}, homeDir: bed.folder, cwd: bed.folder });
  await kubernetes.apply(...objectsFor(config, user, { isWatching }));
  const server = opened.use(await startServe(bed, { env: { TEST_PASSWORD: PASSWORD, TEST_MASTER_KEY: MASTER_KEY } }));
  const token = openClusterSenders(config, new Secret(MASTER_KEY)).pathTokenOf('test')!;
  // the first look at the cluster is over
  await until(async () => {
    const { body } = await server.api('/v1/credentials');
    return JSON.stringify(body).includes('"state":"current"');
  });
  const rest = opened.move();
  return {
    server,
    token,
    async useWebhooks(attach) {
      const url = new URL(`https://127.0.0.1:${admissionPort}/k8s/admission/test/${token}`);
      const admission = { url, certificateAuthority: authority.ca };
      const before = new Set(objectsFor(config, user, { isWatching }).map((one) => JSON.stringify(one)));
      const hooks = objectsFor(config, user, { isWatching, admission, attach });
      const added = hooks.filter((one) => !before.has(JSON.stringify(one)));
      await kubernetes.apply(...added);
      rest.defer(() => remove(added));
      // a fresh configuration takes about a second to become active
      await until(async () => {
        const name = `probe-${crypto.randomUUID()}`;
        await kubernetes.kubectl(['create', 'namespace', name, '--dry-run=server']);
        await kubernetes.kubectl(['create', 'namespace', `n-${name}`]);
        return server.log.some(({ msg, source }) => msg === 'a namespace was created' && source === 'admission');
      });
    },
    sources: () => [
      ...new Set(server.log.filter(({ msg }) => msg === 'a namespace was created').map(({ source }) => source)),
    ],
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

function writeConfig(bed: ServeBed, user: User, authority: Authority, admissionPort: number): void {
  const { certificateFile, keyFile } = authority.issue('admission');
  bed.write({
    masterKey: { env: 'TEST_MASTER_KEY' },
    registries: {
      'registry.example.com': { credential: { username: 'bob', password: { env: 'TEST_PASSWORD' } } },
    },
    clusters: [{ name: 'test', kubeconfig: { path: kubernetes.kubeconfigOf(user) } }],
    credentials: [
      {
        name: 'pull',
        clusters: ['test'],
        namespaces: { names: ['n-*'] },
        registries: ['registry.example.com'],
        secret: { name: 'registry-pull' },
        verify: false,
      },
    ],
    api: {
      listen: `127.0.0.1:${bed.port}`,
      admission: {
        listen: `127.0.0.1:${admissionPort}`,
        tls: { certificate: { file: certificateFile }, key: { file: keyFile } },
      },
    },
  });
}

type Wanted = {
  isWatching: boolean;
  admission?: { url: URL; certificateAuthority: string };
  attach?: 'off' | 'webhook';
};

function objectsFor(config: Config, user: User, { attach = 'off', ...wanted }: Wanted): object[] {
  return manifestsOf(config, { cluster: 'test', mode: 'lean', subject: { user }, attach, ...wanted }).map(
    ({ object }) => object,
  );
}

async function remove(objects: readonly object[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  await kubernetes.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: list });
}

async function createNamespaces(prefix: string, tell?: (name: string) => Promise<void>): Promise<string[]> {
  const names = Array.from({ length: COUNT }, (_, index) => `n-${prefix}-${index}`);
  for (const name of names) {
    await kubernetes.kubectl(['create', 'namespace', name]);
    await tell?.(name);
  }
  return names;
}

/** Secret and reference are there. */
async function expectReady(names: readonly string[]): Promise<void> {
  await until(async () => {
    const secrets = await placesOf(['secrets', '--field-selector=metadata.name=registry-pull']);
    const accounts = await placesOf(['serviceaccounts'], 'registry-pull');
    return names.every((name) => secrets.has(name) && accounts.has(name));
  });
}

async function expectAll(names: readonly string[], { server }: Scene): Promise<void> {
  await expectReady(names);
  const times = await readTimes();
  const delays = names.map((name) => times(name)).sort((one, other) => one - other);
  const p95 = delays[Math.ceil(delays.length * 0.95) - 1];
  expect(p95, `delays in ms: ${delays.join(', ')}`).toBeLessThanOrEqual(MOST_MS);
  expect(JSON.stringify(server.log)).not.toContain(PASSWORD);
}

/** The Namespaces of the objects; of those that refer to the Secret, where one is given. */
async function placesOf(what: readonly string[], secret?: string): Promise<Set<string>> {
  const text = await kubernetes.kubectl(['get', ...what, '--all-namespaces', '-o', 'json']);
  const { items } = JSON.parse(text) as {
    items: { metadata: { namespace: string }; imagePullSecrets?: { name: string }[] }[];
  };
  const found = items.filter(
    ({ imagePullSecrets = [] }) => secret === undefined || imagePullSecrets.some(({ name }) => name === secret),
  );
  return new Set(found.map(({ metadata }) => metadata.namespace));
}

type AuditLine = {
  verb: string;
  stageTimestamp: string;
  requestURI: string;
  objectRef?: { resource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number };
};

/** From the Namespace to the later one of Secret and reference, in ms. */
async function readTimes(): Promise<(namespace: string) => number> {
  // what we ask for ourselves is in the log when that is answered
  await kubernetes.auditEvents();
  const lines = readFileSync(path.join(kubernetes.folder, 'audit.log'), 'utf8').split('\n').slice(0, -1);
  const made = new Map<string, number>();
  const done = new Map<string, number>();
  for (const line of lines) {
    const { verb, stageTimestamp, objectRef, responseStatus, requestURI } = JSON.parse(line) as AuditLine;
    const { resource = '', namespace = '', name = '' } = objectRef ?? {};
    if ((responseStatus?.code ?? 500) >= 300 || requestURI.includes('dryRun')) continue;
    const at = Date.parse(stageTimestamp);
    if (resource === 'namespaces' && verb === 'create') made.set(name, at);
    const isOurs = (resource === 'secrets' || resource === 'serviceaccounts') && verb === 'patch';
    if (isOurs) done.set(namespace, Math.max(done.get(namespace) ?? 0, at));
  }
  return (namespace) => (done.get(namespace) ?? Infinity) - (made.get(namespace) ?? 0);
}
