// Requests for access by exactly the identity and the rights that `transship cluster manifests` prints, guard of ServiceAccounts included, at
// a real API server: enough with --access, told and harmless without it, and in both cases no way to anything else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../infra/cli/main.ts';
import { reviewOwnAccess } from '../../../shared/cluster/access-review.ts';
import { captureIo } from '../../support/captured-io.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { registryWithLogin } from '../../support/login-registry.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';
import { isMissing } from '../../support/require-component.ts';
import { serveBed, until, type ServeBed } from '../../support/serve-process.ts';
import type { Server } from '../../support/servers.ts';

const PASSWORD = 'canary-access-password';
const PROFILE = { custom: { group: 'registry.alauda.io', resource: 'images', expectServed: false } };
const SECRET = 'transship-access';
const OWN = 'system:serviceaccount:transship:transship';

type Report = { state: string; grant: string; effects: { effect: string; state: string; hint?: string }[] };

let kubernetes: Kubernetes;
let registry: Server;
/** The ServiceAccount transship/transship, which is told of requests for access. */
let asked: ServeBed;
/** A user whose manifests were printed without them. */
let plain: ServeBed;
let token: string;

function write(bed: ServeBed, instance: string, login: object): void {
  bed.write({
    instance,
    registries: {
      [registry.host]: { plainHttp: true, credential: { username: 'puller', password: { env: 'PASSWORD' } } },
    },
    clusters: [{ name: 'test', ...login, registries: { [registry.host]: PROFILE } }],
    credentials: [
      {
        name: 'teams',
        clusters: ['test'],
        namespaces: { names: ['team-*'] },
        registries: [registry.host],
        secret: { name: `pull-${instance}` },
        serviceAccounts: ['default'],
      },
    ],
  });
}

async function run(bed: ServeBed, ...words: string[]) {
  const io = captureIo({ env: { HOME: bed.folder, PASSWORD, TOKEN: token } });
  const exitCode = await main([...words, '-c', bed.configFile], io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

async function applyManifests(bed: ServeBed, ...words: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await run(bed, 'cluster', 'manifests', 'test', '--attach', 'off', ...words);
  if (exitCode !== 0) throw new Error(stderr);
  await kubernetes.kubectl(['apply', '-f', '-'], { input: stdout });
}

async function allow(bed: ServeBed, namespace: string): Promise<Report> {
  const image = `${registry.host}/images/app:1`;
  const { stdout, stderr } = await run(bed, 'allow', namespace, image, '--yes', '--json', '--reason', 'r');
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(stderr);
  return JSON.parse(last);
}

const statesOf = ({ effects }: Report) => effects.map(({ effect, state }) => `${effect} ${state}`);

const kubectl = async (...words: string[]): Promise<string> => (await kubernetes.kubectl(words)).trim();

const left = async (namespace: string) => [
  await kubectl('-n', 'images', 'get', 'rolebindings', '-o', 'name'),
  await kubectl('-n', namespace, 'get', 'secret', SECRET, '-o', 'name', '--ignore-not-found'),
  await kubectl('-n', namespace, 'get', 'sa', 'default', '-o', 'jsonpath={.imagePullSecrets[*].name}'),
];

async function makeNamespace(name: string): Promise<void> {
  await kubectl('create', 'namespace', name);
  await until(() => kubectl('-n', name, 'get', 'sa', 'default', '-o', 'name', '--ignore-not-found'));
}

// needs the binaries of Kubernetes, and of a registry
describe.skipIf(isKubernetesMissing() || isMissing('docker-registry'))('requests for access by printed rights', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true, users: { plain: [] } });
    registry = await registryWithLogin('puller', PASSWORD);
    [asked, plain] = [await serveBed(), await serveBed()];
    const rules = [{ apiGroups: ['registry.alauda.io'], resources: ['images'], verbs: ['get'] }];
    const metadata = { name: 'system:image-puller' };
    await kubernetes.apply({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules });
    for (const name of ['transship', 'images', 'team-a', 'visitor', 'stranger']) await makeNamespace(name);
    await kubectl('-n', 'transship', 'create', 'serviceaccount', 'transship');
    token = await kubectl('-n', 'transship', 'create', 'token', 'transship');
    write(asked, 'asked', { server: kubernetes.server, token: { env: 'TOKEN' }, ca: { file: kubernetes.caFile } });
    write(plain, 'plain', { kubeconfig: { path: kubernetes.kubeconfigOf('plain') } });
    await applyManifests(asked, '--access');
    await applyManifests(plain, '--user', 'plain');
    // fresh policies become active within moments
    const isGuarded = async (user: string) => {
      const patch = '[{"op":"add","path":"/metadata/labels","value":{"probe":"yes"}}]';
      const words = ['-n', 'stranger', 'patch', 'sa', 'default', '--type=json', '-p', patch, '--dry-run=server'];
      const answer = await kubectl(...words, `--as=${user}`).catch(String);
      return answer.includes('nothing but imagePullSecrets');
    };
    await until(async () => (await isGuarded(OWN)) && (await isGuarded('plain')));
  }, 120_000);

  afterAll(async () => {
    for (const one of [asked, plain, registry, kubernetes]) await one?.[Symbol.asyncDispose]();
  });

  it('with --access give binding, Secret and reference, beside the rules of credentials, and take them away again', async () => {
    const report = await allow(asked, 'visitor');
    expect(statesOf(report)).toEqual(['grant done', 'credential done', 'reference done']);
    expect(await left('visitor')).toEqual([expect.stringContaining('pull-grant-'), `secret/${SECRET}`, SECRET]);
    expect(await run(asked, 'credentials', 'refresh')).toMatchObject({ exitCode: 0 });
    expect(statesOf(await allow(asked, 'visitor'))).toEqual([
      'grant unchanged',
      'credential unchanged',
      'reference unchanged',
    ]);
    expect(await run(asked, 'grants', 'revoke', report.grant, '--yes')).toMatchObject({ exitCode: 0 });
    expect(await left('visitor')).toEqual(['', '', '']);
    expect((await left('team-a')).slice(1)).toEqual(['', 'pull-asked']);
  });

  it('without --access bring no credential, say what to print, and leave the rules of credentials alone', async () => {
    const report = await allow(plain, 'stranger');
    expect(statesOf(report)).toEqual(['grant done', 'credential failed', 'reference failed']);
    expect(report.effects[1]?.hint).toContain('"transship cluster manifests test --access"');
    expect((await left('stranger')).slice(1)).toEqual(['', '']);
    await run(plain, 'credentials', 'refresh');
    expect((await left('team-a')).at(-1)).toContain('pull-plain');
    expect(await run(plain, 'grants', 'revoke', report.grant, '--yes')).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['an annotation', OWN, '/metadata/annotations', { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' }],
    ['a label', OWN, '/metadata/labels', { a: 'b' }],
    ['secrets', OWN, '/secrets', [{ name: SECRET }]],
    ['the reference to the Secret of somebody else', OWN, '/imagePullSecrets', [{ name: 'theirs' }]],
    ['the reference to our Secret, of a user without --access', 'plain', '/imagePullSecrets', [{ name: SECRET }]],
    ['the reference to our Secret, of somebody else', 'mallory', '/imagePullSecrets', [{ name: SECRET }]],
  ])('refuse %s at a ServiceAccount', async (_, user, path, value) => {
    const patch = JSON.stringify([{ op: 'add', path, value }]);
    const words = ['-n', 'stranger', 'patch', 'sa', 'default', '--type=json', '-p', patch];
    const refusal = user === 'mallory' ? 'forbidden: User' : 'Transship may';
    await expect(kubectl(...words, `--as=${user}`)).rejects.toThrow(refusal);
  });

  it('give no other right', async () => {
    const cluster = await openTestCluster(kubernetes, { token });
    try {
      const mays = async (verb: string, resource: string, name?: string) => {
        const question = { verb, resource, namespace: 'stranger', ...(name === undefined ? {} : { name }) };
        return (await reviewOwnAccess(cluster, question)).isAllowed;
      };
      const verbs = ['get', 'create', 'patch', 'update', 'delete', 'list', 'watch'];
      const held = async (resource: string, name?: string) => {
        const answers = await Promise.all(verbs.map((verb) => mays(verb, resource, name)));
        return verbs.filter((_, index) => answers[index]);
      };
      expect(await held('secrets', SECRET)).toEqual(['get', 'create', 'patch', 'delete']);
      expect(await held('secrets', 'pull-asked')).toEqual(['get', 'create', 'patch']);
      expect(await held('secrets', 'theirs')).toEqual([]);
      expect(await held('secrets')).toEqual([]);
      expect(await held('serviceaccounts', 'default')).toEqual(['get', 'patch', 'list']);
      expect(await mays('create', 'serviceaccounts/token', 'default')).toBe(false);
    } finally {
      await cluster.close();
    }
  });
});
