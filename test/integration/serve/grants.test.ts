// Grants of a real cluster: by `transship serve`, which reconciles them when it starts, when the configuration changes, when Namespaces do
// and when one ends; and by the commands, with a server and without.
import { readFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../infra/cli/main.ts';
import { captureIo } from '../../support/captured-io.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { serveBed, startServe, until, type ServeBed } from '../../support/serve-process.ts';

const PROFILE = { custom: { group: 'registry.alauda.io', resource: 'images', expectServed: false } };
const HOST = 'inside.svc';

let kubernetes: Kubernetes;
let counter = 0;
/** Each test has Namespaces of its own. */
let images: string;
let grantee: string;
let bed: ServeBed;

const binding = (name: string, namespace: string): Promise<boolean> =>
  kubernetes
    .kubectl(['-n', namespace, 'get', 'rolebinding', `pull-grant-${name}`, '--ignore-not-found', '-o', 'name'])
    .then((text) => text.trim() !== '');

const makeNamespace = (name: string, labels: Record<string, string> = {}): Promise<void> =>
  kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });

type Grant = { name: string } & Record<string, unknown>;

function crossGrant(more: Record<string, unknown> = {}): Grant {
  return {
    name: 'cross',
    to: { serviceAccount: `${grantee}/default` },
    pull: [{ registry: HOST, namespace: images }],
    reason: 'guide',
    ...more,
  };
}

function write(...grants: Grant[]): void {
  const cluster = {
    name: 'test',
    kubeconfig: { path: kubernetes.kubeconfigOf('admin') },
    registries: { [HOST]: PROFILE },
  };
  // what another instance has made is none of its business
  bed.write({ instance: `test-${counter}`, clusters: [cluster], grants });
}

async function run(words: readonly string[], typed?: readonly string[]) {
  const io = captureIo({ env: { HOME: bed.folder }, ...(typed === undefined ? {} : { typed }) });
  const exitCode = await main([...words, '-c', bed.configFile], io);
  return { exitCode, stdout: io.stdout.text(), stderr: io.stderr.text() };
}

const hashIn = (stdout: string): string => /^plan ([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? '';

// needs the binaries of Kubernetes
describe.skipIf(isKubernetesMissing())('grants', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes({ hasControllers: true });
    const rules = [{ apiGroups: ['registry.alauda.io'], resources: ['images'], verbs: ['get'] }];
    const metadata = { name: 'system:image-puller' };
    await kubernetes.apply({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules });
  }, 120_000);

  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    counter += 1;
    [images, grantee] = [`images-${counter}`, `team-${counter}`];
    await Promise.all([makeNamespace(images), makeNamespace(grantee)]);
    bed = await serveBed();
    return () => bed[Symbol.asyncDispose]();
  });

  describe('of a server', () => {
    it('hold when it starts, and when the configuration changes', async () => {
      write(crossGrant());
      await using server = await startServe(bed);
      await until(() => binding('cross', images));
      expect((await server.line('grant written')).level).toBe('info');
      write(crossGrant(), { ...crossGrant(), name: 'second' });
      await until(() => binding('second', images));
      write({ ...crossGrant(), name: 'second' });
      await until(async () => !(await binding('cross', images)));
      expect(await binding('second', images)).toBe(true);
    });

    it('are there for a new Namespace at once, and go with its label', async () => {
      write({
        name: 'self',
        to: { namespaceSelector: { pull: `yes-${counter}` } },
        pull: [{ registry: HOST, namespace: '{namespace}' }],
        reason: 'own images',
      });
      await using server = await startServe(bed);
      await server.line('job done');
      const [first, second] = [`self-${counter}-a`, `self-${counter}-b`];
      await makeNamespace(first, { pull: `yes-${counter}` });
      await makeNamespace(second);
      await until(() => binding('self', first));
      expect(await binding('self', second)).toBe(false);
      await kubernetes.kubectl(['label', 'namespace', second, `pull=yes-${counter}`]);
      await until(() => binding('self', second));
      await kubernetes.kubectl(['label', 'namespace', first, 'pull-']);
      await until(async () => !(await binding('self', first)));
      expect(await binding('self', second)).toBe(true);
    });

    it('wait for the Namespace of their images', async () => {
      const late = `late-${counter}`;
      write(crossGrant({ pull: [{ registry: HOST, namespace: late }] }));
      await using server = await startServe(bed);
      await server.line('job done');
      await makeNamespace(late);
      expect(await until(() => binding('cross', late))).toBe(true);
    });

    it('end when they say so, and not when the timer comes', async () => {
      const until3s = new Date(Date.now() + 6000).toISOString();
      write(crossGrant({ until: until3s }));
      await using _ = await startServe(bed);
      await until(() => binding('cross', images));
      await until(async () => !(await binding('cross', images)));
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until3s));
      const { stdout } = await run(['grants', 'list', '--json']);
      expect(stdout).toContain('"state":"Expired"');
    });

    it('stay revoked by hand until their declaration changes', async () => {
      write(crossGrant());
      await using server = await startServe(bed);
      await until(() => binding('cross', images));
      const revoked = await run(['grants', 'revoke', 'cross', '--yes', '--reason', 'INC-42']);
      expect(revoked).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('images that nodes have pulled') });
      expect(await binding('cross', images)).toBe(false);
      // the same declaration, looked at again
      const seen = server.log.length;
      write(crossGrant(), { ...crossGrant(), name: 'other' });
      await until(() => binding('other', images));
      await server.line('job done', seen);
      expect(await binding('cross', images)).toBe(false);
      write(crossGrant({ reason: 'another one' }));
      await until(() => binding('cross', images));
    });

    it('by the API are there for new Namespaces, too, and are withdrawn', async () => {
      write();
      await using server = await startServe(bed);
      const declared = {
        name: 'by-api',
        to: { namespaceSelector: { pull: `api-${counter}` } },
        pull: [{ registry: HOST, namespace: images }],
        reason: 'JIRA-1',
      };
      expect((await server.api('/v1/grants', 'POST', declared)).status).toBe(202);
      const subjects = () =>
        kubernetes
          .kubectl(['-n', images, 'get', 'rolebindings', '-o', 'jsonpath={.items[*].subjects[*].name}'])
          .then((text) => text.trim());
      // a watch has begun when it tells of something
      await until(async () => {
        await makeNamespace(`api-${crypto.randomUUID()}`, { pull: `api-${counter}` });
        return (await subjects()) !== '';
      });
      await kubernetes.kubectl(['label', 'namespaces', '-l', `pull=api-${counter}`, 'pull-']);
      await until(async () => (await subjects()) === '');
      await kubernetes.kubectl(['label', 'namespace', grantee, `pull=api-${counter}`]);
      await until(async () => (await subjects()).includes(grantee));
      expect((await server.api('/v1/grants/by-api', 'DELETE')).status).toBe(202);
      expect(await until(async () => !(await binding('by-api', images)))).toBe(true);
    });

    it('that reach too far are refused by it, and nothing else of the plan is done', async () => {
      write(crossGrant({ to: { group: 'system:authenticated', cluster: 'test' }, approvedBy: 'boss' }));
      await using server = await startServe(bed);
      await server.line('job done');
      expect(await binding('cross', images)).toBe(false);
      expect(await run(['grants', 'apply', '--yes'])).toMatchObject({
        exitCode: 4,
        stderr: expect.stringContaining('everybody who is logged in'),
      });
      expect(await run(['grants', 'apply', '--yes', '--allow-overbroad'])).toMatchObject({ exitCode: 0 });
      expect(await binding('cross', images)).toBe(true);
    });

    it('are planned and applied by it', async () => {
      write(crossGrant());
      await using server = await startServe(bed);
      await until(() => binding('cross', images));
      await kubernetes.kubectl(['-n', images, 'delete', 'rolebinding', 'pull-grant-cross']);
      const plan = await run(['grants', 'plan', '--detailed-exit-code']);
      expect(plan).toMatchObject({ exitCode: 5, stderr: '' });
      const applied = await run(['grants', 'apply', '--plan', hashIn(plan.stdout), '--json']);
      expect(applied.exitCode).toBe(0);
      expect(await binding('cross', images)).toBe(true);
      expect(await run(['grants', 'apply', '--plan', hashIn(plan.stdout)])).toMatchObject({
        exitCode: 4,
        stderr: expect.stringMatching(/the plan is another one by now.*\nhint: /),
      });
      const { stdout } = await run(['grants', 'journal', 'cross', '--json']);
      expect(stdout).toContain('"actor":"owner"');
      expect(await run(['grants', 'revoke', 'nobody', '--yes'])).toMatchObject({ exitCode: 1 });
      expect(server.log.filter(({ level }) => level === 'error')).toEqual([]);
    });
  });

  describe('without a server', () => {
    it('are planned without leaving anything behind', async () => {
      write(crossGrant());
      const { exitCode, stdout } = await run(['grants', 'plan', '--detailed-exit-code']);
      expect(exitCode).toBe(5);
      expect(stdout).toMatch(
        new RegExp(
          `^test/${images} +\\+ cross +cross: ServiceAccount ${grantee}/default @test +widen +not there yet$`,
          'm',
        ),
      );
      expect(stdout.trimEnd().split('\n').at(-1)).toBe(`plan ${hashIn(stdout)}`);
      expect(existsSync(path.join(bed.folder, 'data', 'jobs.sqlite'))).toBe(false);
      expect(await binding('cross', images)).toBe(false);
    });

    it('are applied once, by the hash of a plan, and are as they should be after that', async () => {
      write(crossGrant());
      const { stdout } = await run(['grants', 'plan']);
      expect(await run(['grants', 'apply', '--plan', hashIn(stdout)])).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/Applied +allowed by access-review/),
        stderr: '',
      });
      expect(await run(['grants', 'plan', '--detailed-exit-code'])).toMatchObject({ exitCode: 0 });
      expect(await run(['grants', 'apply', '--yes', '--json', '-q'])).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/"unchanged":1,.*"writes":0/),
      });
    });

    it('are applied only when somebody says that it is meant', async () => {
      write(crossGrant());
      expect(await run(['grants', 'apply'])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/nobody can be asked here\nhint: .*--yes/),
      });
      expect(await run(['grants', 'apply'], ['n'])).toMatchObject({
        exitCode: 0,
        stderr: 'apply 1 change? [y/N] nothing was changed\n',
      });
      expect(await binding('cross', images)).toBe(false);
      expect(await run(['grants', 'apply'], ['y'])).toMatchObject({ exitCode: 0 });
      expect(await binding('cross', images)).toBe(true);
    });

    it('are revoked and resumed, and the journal tells all of it', async () => {
      write(crossGrant());
      expect(await run(['grants', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
      expect(await run(['grants', 'revoke', 'cross'], ['yes'])).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/Revoked +denied by access-review/),
      });
      expect(await run(['grants', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
      expect(await binding('cross', images)).toBe(false);
      expect((await run(['grants', 'list'])).stdout).toMatch(/^cross +Revoked /m);
      expect(await run(['grants', 'resume', 'cross', '--yes'])).toMatchObject({ exitCode: 0 });
      expect(await binding('cross', images)).toBe(true);
      const { stdout } = await run(['grants', 'journal', '--json']);
      const events = stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { event?: string }).event);
      expect(events.slice(0, -1)).toEqual(
        ['declared', 'intended', 'written', 'verified', 'revoked', 'intended', 'written', 'verified', 'resumed'].concat(
          ['intended', 'written', 'verified'],
        ),
      );
    });

    it('that let in everybody need the word of whoever applies them', async () => {
      const everybody = { to: { group: 'system:authenticated', cluster: 'test' }, approvedBy: 'boss' };
      write(crossGrant(everybody));
      const plan = await run(['grants', 'plan']);
      expect(plan.stdout).toContain('OVERBROAD');
      expect(await run(['grants', 'apply', '--yes'])).toMatchObject({
        exitCode: 4,
        stderr: expect.stringMatching(/everybody who is logged in.*\nhint: .*--allow-overbroad/),
      });
      expect(await binding('cross', images)).toBe(false);
      expect(await run(['grants', 'apply', '--yes', '--allow-overbroad'])).toMatchObject({ exitCode: 0 });
      expect(await binding('cross', images)).toBe(true);
    });

    it('leave what somebody else has under the same name', async () => {
      write(crossGrant());
      const names = ['pull-grant-cross'];
      const make = (name: string) =>
        kubernetes.kubectl(['-n', images, 'create', 'rolebinding', name, '--clusterrole=view', '--user=bob']);
      await Promise.all(names.map(make));
      const before = await kubernetes.kubectl(['-n', images, 'get', 'rolebindings', '-o', 'json']);
      await run(['grants', 'apply', '--yes']);
      const after = JSON.parse(await kubernetes.kubectl(['-n', images, 'get', 'rolebindings', '-o', 'json'])) as {
        items: { roleRef: { name: string } }[];
      };
      const { items } = JSON.parse(before) as typeof after;
      expect(after.items.filter(({ roleRef }) => roleRef.name === 'view')).toEqual(items);
    });
  });

  it('keeps no credential in what it writes down', async () => {
    write(crossGrant());
    expect(await run(['grants', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
    const { stdout } = await run(['grants', 'journal', '--json']);
    const kept = stdout + readFileSync(path.join(bed.folder, 'data', 'jobs.sqlite'), 'latin1');
    expect(kept).not.toContain(kubernetes.tokenOf('admin'));
  });
});
