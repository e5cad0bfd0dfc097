// A request for access as a whole, at a real API server and a registry that asks for a login: grant, Secret, reference, copy; in this process
// and by a server; its end; and what belongs to others.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../infra/cli/main.ts';
import { captureIo } from '../../support/captured-io.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { pushImage, registryWithLogin } from '../../support/login-registry.ts';
import { isWrite } from '../../support/kubernetes-audit.ts';
import { isMissing } from '../../support/require-component.ts';
import { serveBed, startServe, until, type ServeBed } from '../../support/serve-process.ts';
import type { Server } from '../../support/servers.ts';

const PASSWORD = 'canary-access-password';
const PROFILE = { custom: { group: 'registry.alauda.io', resource: 'images', expectServed: false } };
const SECRET = 'transship-access';

let kubernetes: Kubernetes;
let registry: Server;
let counter = 0;
/** Each test has Namespaces of its own. */
let images: string;
let team: string;
let bed: ServeBed;

type Report = {
  state: string;
  grant: string;
  effects: { effect: string; what: string; state: string; why?: string; hint?: string }[];
};

function write(more: { profiles?: Record<string, unknown>; hasCredential?: boolean } = {}): void {
  const { profiles = { [registry.host]: PROFILE }, hasCredential = true } = more;
  bed.write({
    instance: `test-${counter}`,
    registries: {
      [registry.host]: {
        plainHttp: true,
        ...(hasCredential ? { credential: { username: 'puller', password: { env: 'PASSWORD' } } } : {}),
      },
    },
    clusters: [{ name: 'test', kubeconfig: { path: kubernetes.kubeconfigOf('admin') }, registries: profiles }],
  });
}

async function run(...words: string[]) {
  const io = captureIo({ env: { HOME: bed.folder, PASSWORD } });
  const exitCode = await main([...words, '-c', bed.configFile], io);
  const [stdout, stderr] = [io.stdout.text(), io.stderr.text()];
  // nobody sees a credential
  expect(stdout + stderr).not.toContain(PASSWORD);
  return { exitCode, stdout, stderr };
}

async function allow(namespace: string, ...words: string[]): Promise<{ exitCode: number; report: Report }> {
  const image = `${registry.host}/${images}/app:1`;
  const { exitCode, stdout, stderr } = await run('allow', namespace, image, '--yes', '--json', ...words);
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(stderr);
  return { exitCode, report: JSON.parse(last) };
}

const statesOf = ({ effects }: Report) => effects.map(({ effect, state }) => `${effect} ${state}`);

const get = async (namespace: string, ...words: string[]): Promise<string> =>
  (await kubernetes.kubectl(['-n', namespace, 'get', ...words, '--ignore-not-found'])).trim();

const bindings = () => get(images, 'rolebindings', '-o', 'name');
const secretOf = (namespace: string) => get(namespace, 'secret', SECRET, '-o', 'jsonpath={.data}');
const referencesOf = (namespace: string, name = 'default') =>
  get(namespace, 'serviceaccount', name, '-o', 'jsonpath={.imagePullSecrets[*].name}');

/** What is left of it in a Namespace. */
const leftOf = async (namespace: string) => [
  await bindings(),
  await secretOf(namespace),
  await referencesOf(namespace),
];

const maysPull = async (namespace: string): Promise<boolean> => {
  const user = `system:serviceaccount:${namespace}:default`;
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      resourceAttributes: { namespace: images, verb: 'get', group: 'registry.alauda.io', resource: 'images' },
    },
  };
  const answer = await kubernetes.kubectl(['create', '-f', '-', '-o', 'json'], { input: JSON.stringify(review) });
  return JSON.parse(answer).status.allowed;
};

async function makeNamespace(name: string): Promise<void> {
  await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await until(() => get(name, 'serviceaccount', 'default', '-o', 'name'));
}

// needs the binaries of Kubernetes, and of a registry
describe.skipIf(isKubernetesMissing() || isMissing('docker-registry'))('a request for access', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true });
    registry = await registryWithLogin('puller', PASSWORD);
    const rules = [{ apiGroups: ['registry.alauda.io'], resources: ['images'], verbs: ['get'] }];
    const metadata = { name: 'system:image-puller' };
    await kubernetes.apply({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules });
  }, 120_000);

  afterAll(async () => {
    await kubernetes?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    counter += 1;
    [images, team] = [`access-images-${counter}`, `access-team-${counter}`];
    await Promise.all([makeNamespace(images), makeNamespace(team)]);
    bed = await serveBed();
    write();
    return () => bed[Symbol.asyncDispose]();
  });

  it('gives binding, Secret and reference at once, and the same again writes nothing', async () => {
    expect(await maysPull(team)).toBe(false);
    const preview = await run('allow', team, `${registry.host}/${images}/app:1`, '--dry-run', '--json');
    expect(preview).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"state":"planned"') });
    expect(await leftOf(team)).toEqual(['', '', '']);
    const first = await allow(team);
    expect(statesOf(first.report)).toEqual(['grant done', 'credential done', 'reference done']);
    expect(first).toMatchObject({ exitCode: 0, report: { state: 'done' } });
    expect(first.report.effects[0]?.why).toBe('allowed by access-review');
    expect(await maysPull(team)).toBe(true);
    expect(await referencesOf(team)).toBe(SECRET);
    expect(Buffer.from(JSON.parse(await secretOf(team))['.dockerconfigjson'], 'base64').toString()).toContain(
      registry.host,
    );
    await kubernetes.forgetAuditEvents();
    const again = await allow(team);
    expect(statesOf(again.report)).toEqual(['grant unchanged', 'credential unchanged', 'reference unchanged']);
    const events = await kubernetes.auditEvents();
    expect(events.filter((event) => event.userAgent.startsWith('transship') && isWrite(event))).toEqual([]);
    // a distribution of all leaves it as well
    expect(await run('credentials', 'refresh')).toMatchObject({ exitCode: 0 });
    expect(await referencesOf(team)).toBe(SECRET);
  });

  it('refuses an end that is past', async () => {
    const past = await run('allow', team, `${registry.host}/${images}/app`, '--yes', '--until', '2020-01-01');
    expect(past).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('which is past') });
    expect(await leftOf(team)).toEqual(['', '', '']);
  });

  it('is taken away as a whole by a revoke, and comes back when it is asked for again', async () => {
    const { report } = await allow(team);
    expect(await run('grants', 'revoke', report.grant, '--yes')).toMatchObject({ exitCode: 0 });
    expect(await leftOf(team)).toEqual(['', '', '']);
    expect(await maysPull(team)).toBe(false);
    expect(statesOf((await allow(team)).report)).toEqual(['grant done', 'credential done', 'reference done']);
  });

  it('leaves a Secret of somebody else alone, and says so', async () => {
    await kubernetes.kubectl(['-n', team, 'create', 'secret', 'generic', SECRET, '--from-literal=a=b']);
    const { exitCode, report } = await allow(team);
    expect(exitCode).toBe(3);
    expect(statesOf(report)).toEqual(['grant done', 'credential failed', 'reference failed']);
    expect(report.effects[1]?.hint).not.toBe('');
    expect(JSON.parse(await secretOf(team))).toEqual({ a: Buffer.from('b').toString('base64') });
  });

  it('needs no grant where the credential decides', async () => {
    write({ profiles: {} });
    const { exitCode, report } = await allow(team, '--service-account', 'default');
    expect(exitCode).toBe(0);
    expect(statesOf(report)).toEqual(['grant not-needed', 'credential done', 'reference done']);
    const listed = await run('grants', 'list', '--json');
    expect(listed.stdout).toContain('"state":"Applied"');
    expect(await run('grants', 'revoke', report.grant, '--yes')).toMatchObject({ exitCode: 0 });
    expect(await leftOf(team)).toEqual(['', '', '']);
  });

  it('says what to add where there is no credential', async () => {
    write({ hasCredential: false });
    const { exitCode, report } = await allow(team);
    expect(exitCode).toBe(3);
    expect(statesOf(report)).toEqual(['grant done', 'credential failed']);
    expect(report.effects[1]?.hint).toContain(`"${registry.host}": { credential:`);
  });

  it('copies the image where that is asked for', async () => {
    const source = await pushImage(registry, { username: 'puller', password: PASSWORD }, `${images}/source:1`);
    const first = await allow(team, '--mirror-from', source);
    expect(statesOf(first.report).at(-1)).toBe('mirror done');
    const again = await allow(team, '--mirror-from', source);
    expect(statesOf(again.report).at(-1)).toBe('mirror unchanged');
  });

  describe('of a server', () => {
    it('goes to two Namespaces at the same time, and ends by itself', async () => {
      const other = `${team}-b`;
      await makeNamespace(other);
      await using _ = await startServe(bed, { env: { PASSWORD } });
      const end = new Date(Date.now() + 12_000).toISOString();
      const both = await Promise.all([allow(team, '--until', end), allow(other)]);
      for (const { report } of both) {
        expect(statesOf(report)).toEqual(['grant done', 'credential done', 'reference done']);
      }
      await until(async () => (await secretOf(team)) === '');
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(end));
      await until(async () => (await referencesOf(team)) === '');
      await until(async () => !(await maysPull(team)));
      expect(await maysPull(other)).toBe(true);
      expect(await referencesOf(other)).toBe(SECRET);
    });

    it('is there for a ServiceAccount that is made later, and goes with a revoke', async () => {
      await using _ = await startServe(bed, { env: { PASSWORD } });
      const { exitCode, report } = await allow(team, '--service-account', 'late');
      expect(exitCode).toBe(0);
      expect(statesOf(report)).toEqual(['grant done', 'credential done', 'reference planned']);
      await kubernetes.kubectl(['-n', team, 'create', 'serviceaccount', 'late']);
      await until(async () => (await referencesOf(team, 'late')) === SECRET);
      // who plans beside the server knows what it brought
      expect(await run('credentials', 'plan', '--detailed-exit-code')).toMatchObject({ exitCode: 0 });
      expect(await run('grants', 'revoke', report.grant, '--yes')).toMatchObject({ exitCode: 0 });
      await until(async () => (await secretOf(team)) === '');
      expect([await bindings(), await referencesOf(team, 'late')]).toEqual(['', '']);
    });

    it('copies the image by a job of its own', async () => {
      await using _ = await startServe(bed, { env: { PASSWORD } });
      const source = await pushImage(registry, { username: 'puller', password: PASSWORD }, `${images}/source:1`);
      const { report } = await allow(team, '--mirror-from', source);
      expect(statesOf(report).at(-1)).toBe('mirror done');
    });
  });
});
