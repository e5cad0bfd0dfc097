// Registries that know no users obey the RBAC of a real API server through `transship serve`: both generations of the CNCF distribution, with
// skopeo and containerd as clients.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signToken } from '../../../functions/registry-token/sign-token.ts';
import { openTokenKeys } from '../../../functions/registry-token/token-keys.ts';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { madeKeys } from '../../../infra/node/token-keys/made-keys.ts';
import { startContainerd, type Containerd } from '../../support/containerd.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { plantRealImage } from '../../support/real-image.ts';
import { requireComponent } from '../../support/require-component.ts';
import { serveBed, startServe, until, type ServeBed, type ServeProcess } from '../../support/serve-process.ts';
import { startServer, type Server } from '../../support/servers.ts';

const run = promisify(execFile);

const SERVICE = 'registry.tests';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const ISSUER = 'transship-tests';
const LAUNCHER = path.resolve(import.meta.dirname, '../../../infra/cli/launcher.js');
/** Answers of the cluster are good for five seconds, and its own cache of bindings takes a moment. */
const PATIENCE_MS = 30_000;

const DENIED = /denied|unauthorized|insufficient_scope|authorization failed|authentication required/i;
const AWAY = /\b503\b/;
const PULLER = { get: ['get'], update: ['get', 'update'] };

// needs a real kube-apiserver with etcd
describe.skipIf(isKubernetesMissing())('the token endpoint', () => {
  const skopeo = requireComponent('skopeo');
  let kubernetes: Kubernetes;
  let bed: ServeBed;
  let serve: ServeProcess & AsyncDisposable;
  let realm: string;
  let certificates: string;
  /** Passwords: those of a builder, of a ServiceAccount that only pulls, and the latter for the API server itself. */
  let builder: string;
  let puller: string;
  let misaimed: string;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true });
    await prepareCluster(kubernetes);
    bed = await serveBed();
    bed.write({
      api: { listen: `127.0.0.1:${bed.port}`, rateLimit: 100_000 },
      clusters: [
        {
          name: 'prod',
          kubeconfig: { path: kubernetes.kubeconfigOf('admin') },
          registries: { 'registry.tests:5000': 'openshift' },
        },
      ],
      tokenEndpoint: { issuer: ISSUER, service: SERVICE, anonymous: { pull: ['public/**'] } },
    });
    realm = `http://127.0.0.1:${bed.port}/token`;
    // as whoever sets up the registry first does
    const printed = await transship('token-endpoint', 'certificates');
    certificates = path.join(bed.folder, 'certificates.pem');
    writeFileSync(certificates, printed.stdout);
    serve = await startServe(bed);
    [builder, puller, misaimed] = await Promise.all([
      tokenOf('builder', SERVICE),
      tokenOf('default', SERVICE),
      tokenOf('default'),
    ]);
  }, 120_000);
  afterAll(async () => {
    await serve?.[Symbol.asyncDispose]();
    await bed?.[Symbol.asyncDispose]();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  function transship(...words: string[]) {
    return run(process.execPath, [LAUNCHER, ...words, '-c', bed.configFile], {
      env: { ...process.env, HOME: bed.folder },
    });
  }

  async function tokenOf(account: string, audience?: string): Promise<string> {
    const more = audience === undefined ? [] : ['--audience', audience];
    return (await kubernetes.kubectl(['-n', 'team-a', 'create', 'token', account, ...more])).trim();
  }

  // distribution 3 is built from its sources
  describe.each(['docker-registry', 'distribution'] as const)('in front of %s', (program) => {
    let registry: Server;
    let containerd: Containerd;

    beforeAll(async () => {
      const auth = { kind: 'token', realm, service: SERVICE, issuer: ISSUER, caFile: certificates } as const;
      registry = await startServer({ program: requireComponent(program), auth });
      await using built = await startRegistry();
      for (const repository of ['team-a/app', 'shared-ns/base', 'public/tool']) {
        await plantRealImage({ registry: built, repository }, { tag: 'v1', layers: [program, `of ${repository}`] });
        await copy(`${built.host}/${repository}:v1`, image(repository), { to: builder });
      }
      const home = path.join(bed.folder, program);
      mkdirSync(home);
      const programs = { containerd: requireComponent('containerd'), ctr: requireComponent('ctr') };
      containerd = await startContainerd(programs, home, {});
    }, 60_000);
    afterAll(async () => {
      await containerd?.[Symbol.asyncDispose]();
      await registry?.[Symbol.asyncDispose]();
    });

    const image = (repository: string) => `${registry.host}/${repository}:v1`;
    const login = (side: string, token?: string) => (token === undefined ? [] : [`--${side}-creds`, `any:${token}`]);

    function copy(from: string, to: string, logins: { from?: string; to?: string }) {
      const words = ['copy', '-q', '--src-tls-verify=false', '--dest-tls-verify=false'];
      const creds = [...login('src', logins.from), ...login('dest', logins.to)];
      // the logins of whoever runs the tests are none of ours
      return run(skopeo, [...words, ...creds, `docker://${from}`, `docker://${to}`], { env: clientEnvironment() });
    }

    function clientEnvironment(): NodeJS.ProcessEnv {
      return { ...process.env, HOME: bed.folder, REGISTRY_AUTH_FILE: path.join(bed.folder, 'no-logins.json') };
    }

    /** Its standard output; with the error of the client where it is refused. */
    const inspect = async (repository: string, token?: string): Promise<string> => {
      const creds = token === undefined ? ['--no-creds'] : ['--creds', `any:${token}`];
      const words = ['inspect', '--raw', '--tls-verify=false', ...creds, `docker://${image(repository)}`];
      return (await run(skopeo, words, { env: clientEnvironment() })).stdout;
    };

    const fetchByContainerd = (repository: string, token: string) =>
      containerd.ctr('content', 'fetch', '--plain-http', '--user', `any:${token}`, image(repository));

    const clients: [string, (repository: string, token: string) => Promise<unknown>][] = [
      ['skopeo', inspect],
      ['containerd', fetchByContainerd],
    ];

    it.each(clients)('%s pulls from its own namespace, and not from another', async (_, pull) => {
      await pull('team-a/app', puller);
      expect(await said(pull('shared-ns/base', puller))).toMatch(DENIED);
    });

    it(
      'lets a RoleBinding pull as long as it is there',
      async () => {
        const pulled = () =>
          Promise.all(
            clients.map(([, pull]) =>
              pull('shared-ns/base', puller).then(
                () => true,
                () => false,
              ),
            ),
          );
        expect(await pulled()).toEqual([false, false]);
        const roleAndSubject = ['--clusterrole=system:image-puller', '--serviceaccount=team-a:default'];
        await kubernetes.kubectl(['-n', 'shared-ns', 'create', 'rolebinding', 'cross-ns-pull', ...roleAndSubject]);
        await until(async () => (await pulled()).every((isPulled) => isPulled));
        await kubernetes.kubectl(['-n', 'shared-ns', 'delete', 'rolebinding', 'cross-ns-pull']);
        await until(async () => !(await pulled()).some((isPulled) => isPulled));
      },
      PATIENCE_MS,
    );

    it.each(clients)('%s gets nothing for a token that was made for the API server', async (_, pull) => {
      expect(await said(pull('team-a/app', misaimed))).toMatch(DENIED);
    });

    it.each(clients)('%s gets nothing for a token of nobody', async (_, pull) => {
      expect(await said(pull('team-a/app', `${puller}x`))).toMatch(DENIED);
    });

    it('lets everybody pull what is public, and nothing else', async () => {
      await inspect('public/tool');
      expect(await said(inspect('team-a/app'))).toMatch(DENIED);
    });

    it('lets nobody push who may only pull', async () => {
      const push = copy(image('team-a/app'), image('team-a/stolen'), { from: puller, to: puller });
      expect(await said(push)).toMatch(DENIED);
    });

    it('lets a push mount layers out of another namespace that it may pull from', async () => {
      await registry.forgetRequests();
      await copy(image('shared-ns/base'), image('team-a/mounted'), { from: builder, to: builder });
      const mounts = (await registry.requests()).filter(({ path: target }) => target.includes('mount='));
      const found = mounts.map(({ path: target, status }) => {
        return `${new URL(target, registry.url).searchParams.get('from')} ${status}`;
      });
      expect(found).toContain('shared-ns/base 201');
      expect(await inspect('team-a/mounted', puller)).toBe(await inspect('shared-ns/base', builder));
    });

    it('gives tokens that end', async () => {
      const { pairs, signing } = await madeKeys(path.join(bed.folder, 'data'), new Date());
      const keys = openTokenKeys(pairs, signing, new Date());
      const claims = {
        issuer: ISSUER,
        service: SERVICE,
        access: [{ type: 'repository', name: 'team-a/app', actions: ['pull'] }],
        lifeSeconds: 300,
        sendCertificate: true,
      };
      const answerTo = async (ageSeconds: number, more: object = {}) => {
        const now = new Date(Date.now() - ageSeconds * 1000);
        const token = await signToken(keys.signing, { ...claims, now, ...more });
        return (await manifest('team-a/app', token)).status;
      };
      expect(await answerTo(0)).toBe(200);
      // 300 seconds of life, 60 that the registry forgives
      expect(await answerTo(400)).toBe(401);
      expect(await answerTo(0, { service: 'other' })).toBe(401);
      expect(await answerTo(0, { issuer: 'other' })).toBe(401);
    });

    function manifest(repository: string, token: string): Promise<Response> {
      const headers = { authorization: `Bearer ${token}`, accept: OCI_MANIFEST };
      return fetch(`http://${registry.host}/v2/${repository}/manifests/v1`, { headers });
    }

    async function registryToken(): Promise<string> {
      const headers = { authorization: `Basic ${Buffer.from(`any:${puller}`).toString('base64')}` };
      const answer = await fetch(`${realm}?service=${SERVICE}&scope=repository:team-a/app:pull`, { headers });
      return ((await answer.json()) as { token: string }).token;
    }

    it(
      'goes on through a rotation of its keys, without a failed pull or a restart',
      async () => {
        // what a registry trusts that was started since the last rotation
        writeFileSync(certificates, readFileSync(path.join(bed.folder, 'data/token/certificates.pem')));
        await registry.restart();
        const before = await registryToken();
        const failures: unknown[] = [];
        const watching = new AbortController();
        const pulls = (async () => {
          let count = 0;
          for (; !watching.signal.aborted; count += 1) {
            await inspect('team-a/app', puller).catch((error: unknown) => failures.push(error));
          }
          return count;
        })();
        await transship('token-endpoint', 'rotate');
        const kid = decodeProtectedHeader(before).kid;
        const after = await until(async () => {
          const token = await registryToken();
          return decodeProtectedHeader(token).kid === kid ? undefined : token;
        });
        for (const token of [before, after]) expect((await manifest('team-a/app', token)).status).toBe(200);
        await inspect('team-a/app', puller);
        watching.abort();
        expect(await pulls).toBeGreaterThan(0);
        expect(failures).toEqual([]);
      },
      PATIENCE_MS * 2,
    );

    it('lets nobody pull while the API server is away, and says so', async () => {
      await kubernetes.stopServer();
      try {
        for (const [, pull] of clients) expect(await said(pull('team-a/app', `${puller}y`))).toMatch(AWAY);
      } finally {
        await kubernetes.startServer();
      }
      await until(() => inspect('team-a/app', puller).catch(() => undefined));
    }, 120_000);
  });

  it('is trusted by its key set alone, where tokens carry no certificate', async () => {
    const jwks = path.join(bed.folder, 'jwks.json');
    writeFileSync(jwks, await (await fetch(`${realm}/jwks`)).text());
    const auth = { token: { realm, service: SERVICE, issuer: ISSUER, jwks } };
    await using registry = await startServer({ program: requireComponent('distribution'), configuration: { auth } });
    const { pairs, signing } = await madeKeys(path.join(bed.folder, 'data'), new Date());
    const keys = openTokenKeys(pairs, signing, new Date());
    const answerTo = async (sendCertificate: boolean) => {
      const claims = { issuer: ISSUER, service: SERVICE, access: [], lifeSeconds: 300, now: new Date() };
      const token = await signToken(keys.signing, { ...claims, sendCertificate });
      return (await fetch(`${registry.url}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status;
    };
    expect([await answerTo(false), await answerTo(true)]).toEqual([200, 401]);
  });

  it('forgets a ServiceAccount that is gone, and writes down who got what and why, without a token', async () => {
    await kubernetes.kubectl(['-n', 'team-a', 'create', 'serviceaccount', 'leaver']);
    const token = await tokenOf('leaver', SERVICE);
    const ask = async () => {
      const headers = { authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` };
      const answer = await fetch(`${realm}?service=${SERVICE}&scope=repository:team-a/app:pull`, { headers });
      return answer.status;
    };
    expect(await ask()).toBe(200);
    await kubernetes.kubectl(['-n', 'team-a', 'delete', 'serviceaccount', 'leaver']);
    await until(async () => (await ask()) === 401);
    expect(serve.log).toContainEqual(
      expect.objectContaining({
        msg: 'registry access decided',
        user: 'system:serviceaccount:team-a:leaver',
        repository: 'team-a/app',
        granted: 'pull',
        reason: expect.stringContaining('RoleBinding "pull/team-a"'),
      }),
    );
    const text = JSON.stringify(serve.log);
    for (const secret of [token, puller, builder]) expect(text).not.toContain(secret.slice(-20));
  });
});

/** The roles of OpenShift, with the resource that they are about: everybody of team-a pulls there, and its builder pushes. */
async function prepareCluster(kubernetes: Kubernetes): Promise<void> {
  await kubernetes.apply({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'imagestreams.image.openshift.io' },
    spec: {
      group: 'image.openshift.io',
      scope: 'Namespaced',
      names: { plural: 'imagestreams', singular: 'imagestream', kind: 'ImageStream' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  const role = (name: string, verbs: readonly string[]) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: [{ apiGroups: ['image.openshift.io'], resources: ['imagestreams/layers'], verbs }],
  });
  await kubernetes.apply(role('system:image-puller', PULLER.get), role('system:image-builder', PULLER.update));
  for (const name of ['team-a', 'shared-ns', 'public']) await kubernetes.kubectl(['create', 'namespace', name]);
  await kubernetes.kubectl(['-n', 'team-a', 'create', 'serviceaccount', 'builder']);
  const bind = (namespace: string, name: string, ...words: string[]) =>
    kubernetes.kubectl(['-n', namespace, 'create', 'rolebinding', name, ...words]);
  await bind('team-a', 'pull', '--clusterrole=system:image-puller', '--group=system:serviceaccounts:team-a');
  for (const namespace of ['team-a', 'shared-ns', 'public']) {
    await bind(namespace, 'push', '--clusterrole=system:image-builder', '--serviceaccount=team-a:builder');
  }
  await until(async () =>
    (await kubernetes.kubectl(['get', '--raw', '/apis/image.openshift.io/v1']).catch(() => '')).includes(
      'imagestreams',
    ),
  );
  await until(() => kubernetes.kubectl(['-n', 'team-a', 'get', 'serviceaccount', 'default']).catch(() => undefined));
}

/** What a client wrote when it was refused. */
function said(pulling: Promise<unknown>): Promise<string> {
  return pulling.then(
    () => 'it was not refused',
    (error: Error & { stderr?: string }) => error.stderr ?? error.message,
  );
}
