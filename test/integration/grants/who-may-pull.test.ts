// `transship can-pull`, `grants audit` and `grants import` at a real API server and a real registry, in this process and by a server.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../../infra/cli/main.ts';
import { loadConfig } from '../../../shared/config/load.ts';
import { PULL_PROFILES } from '../../../shared/grants/pull-profiles.ts';
import { captureIo } from '../../support/captured-io.ts';
import { jsonLines, openCliBed, type CliBed } from '../../support/cli-bed.ts';
import { ACP_HOST } from '../../support/grants/kubernetes-grants.ts';
import { plantedBindings } from '../../support/grants/planted-bindings.ts';
import { servePulls } from '../../support/grants/serve-pulls.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';
import { startServer, type Server } from '../../support/servers.ts';

const ALIAS = 'registry.of-the-cluster.test';
const NO_LINK = 'unmarked-0123456789';

// where kube-apiserver and etcd, or a registry, can be had neither from the system nor from Go
describe.skipIf(isKubernetesMissing() || isMissing('docker-registry'))('commands that say who may pull', () => {
  let kubernetes: Kubernetes;
  let registry: Server;
  let bed: CliBed;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'transship-who-'));
    kubernetes = await startKubernetes({ hasControllers: true, users: { limited: [] } });
    await servePulls(kubernetes, PULL_PROFILES.acp);
    const planted = plantedBindings();
    await kubernetes.apply(...planted.filter((one) => 'kind' in one && one.kind === 'Namespace'));
    await kubernetes.apply(...planted);
    registry = await startServer({
      program: requireComponent('docker-registry'),
      auth: { kind: 'htpasswd', username: 'puller', password: NO_LINK },
    });
    bed = await openCliBed(configFor('admin'));
    const isSettled = async () =>
      expect((await bed.run(['can-pull', '--as', 'group:admins', `${ACP_HOST}/x/y`])).exitCode).toBe(0);
    await vi.waitFor(isSettled, { timeout: 20_000, interval: 200 });
  });
  afterAll(async () => {
    await bed?.remove();
    await registry?.stop();
    await kubernetes?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const configFor = (user: string) => `registries:
  ${ACP_HOST}: { kind: acp, credential: anonymous, aliases: [${ALIAS}] }
  "${registry.host}": { plainHttp: true, credential: anonymous }
clusters: [{ name: prod, kubeconfig: { path: ${kubernetes.kubeconfigOf(user)} } }]
`;
  const canPull = (as: string, image: string, ...more: string[]) => bed.run(['can-pull', '--as', as, image, ...more]);

  describe('can-pull', () => {
    it('says yes and by which binding, under every name of the registry', async () => {
      const ran = await canPull('my-ns/default', `${ALIAS}/shared-ns/app:1.0`);
      expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
      expect(ran.stdout).toMatch(
        /^yes: ServiceAccount my-ns\/default pulling registry.of-the-cluster.test\/shared-ns\/app:1.0\n/,
      );
      expect(ran.stdout).toMatch(
        /by RoleBinding cross-ns-pull +prod\/shared-ns +ServiceAccount my-ns\/default +adoptable/,
      );
    });

    it('says no, and prints the command and the grant that would help', async () => {
      const ran = await canPull('other-ns/default', `${ACP_HOST}/shared-ns/app`);
      expect(ran).toMatchObject({ exitCode: 4, stderr: '' });
      expect(ran.stdout).toContain(`hint: transship allow other-ns ${ACP_HOST}/shared-ns/app`);
      expect(ran.stdout).toMatch(
        /grants:\n {2}- name: NAME\n {4}to:\n {6}serviceAccount: other-ns\/default\n {6}cluster: prod\n/,
      );
    });

    it.each([
      [['--as', 'nobody at all', `${ACP_HOST}/shared-ns/app`], 2],
      [['--as', 'a/b', 'UPPER//case'], 2],
      [['--as', 'a/b', '--cluster', 'gone', `${ACP_HOST}/shared-ns/app`], 2],
      [['--as', 'a/b', `${ACP_HOST}/app`], 1],
      [['--as', 'user:jane', 'registry.example.com/team/app'], 1],
    ])('%j ends with %i', async (words, exitCode) => {
      expect(await bed.run(['can-pull', ...words])).toMatchObject({ exitCode });
    });
  });

  describe('can-pull from a registry that decides for itself', () => {
    const pullSecret = (name: string, password: string, host = registry.host) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: 'team-a' },
      type: 'kubernetes.io/dockerconfigjson',
      stringData: {
        '.dockerconfigjson': JSON.stringify({
          auths: { [host]: { auth: Buffer.from(`puller:${password}`).toString('base64') } },
        }),
      },
    });
    const accountWith = (name: string, ...secrets: string[]) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: 'team-a' },
      imagePullSecrets: secrets.map((secret) => ({ name: secret })),
    });

    beforeAll(() =>
      kubernetes.apply(
        pullSecret('good', NO_LINK),
        pullSecret('bad', 'canary-wrong-password'),
        pullSecret('other', NO_LINK, 'elsewhere.example.com'),
        accountWith('logged-in', 'other', 'bad', 'good'),
        accountWith('wrong', 'bad'),
        accountWith('without', 'other'),
        accountWith('dangling', 'not-there'),
      ),
    );

    it.each([
      ['logged-in', 0, 'takes what Secret team-a/good has for it'],
      ['wrong', 4, 'with Secret team-a/bad: '],
      ['without', 4, 'names no Secret with a credential for it'],
      ['dangling', 1, 'Secret team-a/not-there is not there'],
      ['gone', 1, 'ServiceAccount team-a/gone is not there'],
    ])('tries what a kubelet would: ServiceAccount %s', async (name, exitCode, words) => {
      const ran = await canPull(`team-a/${name}`, `${registry.host}/team/app:1.0`);
      expect(ran).toMatchObject({ exitCode, stdout: expect.stringContaining(words) });
      expect(ran.stdout + ran.stderr).not.toMatch(new RegExp(`${NO_LINK}|canary-wrong-password`));
    });
  });

  describe('grants audit', () => {
    it('puts what reaches too far first, and fails on it where that is asked for', async () => {
      const ran = await bed.run(['grants', 'audit']);
      expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
      const [heading = '', ...lines] = ran.stdout.trimEnd().split('\n');
      expect(heading).toMatch(/^CLASS +WHERE +WHAT +WHO +BY +UNTIL +WHY$/);
      expect(lines[0]).toMatch(/^over-broad +prod /);
      expect(ran.stdout).toMatch(
        /over-broad +prod +every image +ServiceAccount ops\/deployer +ClusterRoleBinding all-pull/,
      );
      expect(lines.at(-1)).toMatch(/^1 place looked at, 4 over-broad, .* platform$/);
      expect((await bed.run(['grants', 'audit', '--fail-on', 'over-broad', '-q'])).exitCode).toBe(4);
      expect((await bed.run(['grants', 'audit', '--fail-on', 'nonsense'])).exitCode).toBe(2);
    });

    it('tells each finding as data, and the sum', async () => {
      const lines = jsonLines(await bed.run(['grants', 'audit', '--json', '--registry', ALIAS]));
      expect(lines.at(-1)).toMatchObject({ type: 'report', sites: 1, unread: [], classes: { 'over-broad': 4 } });
      expect(lines).toContainEqual(
        expect.objectContaining({ object: 'RoleBinding cross-ns-pull', class: 'adoptable', what: 'shared-ns' }),
      );
    });

    it('says what it may not read', async () => {
      const limited = await openCliBed(configFor('limited'));
      const ran = await limited.run(['grants', 'audit']);
      expect(ran).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/^error: the audit of cluster prod is not complete/),
      });
      await limited.remove();
    });
  });

  // before the import: a server without the imported file takes back what that made ours
  describe('by a server', () => {
    it('the answers are the same', async () => {
      const here = await canPull('user:wild', `${ACP_HOST}/shared-ns/app`, '--json');
      const auditedHere = jsonLines(await bed.run(['grants', 'audit', '--json'])).length;
      await bed.serve();
      const there = await canPull('user:wild', `${ACP_HOST}/shared-ns/app`, '--json');
      expect(jsonLines(there)).toEqual(jsonLines(here));
      expect(await canPull('user:nobody', `${ACP_HOST}/shared-ns/app`)).toMatchObject({ exitCode: 4 });
      expect(await canPull('no subject', `${ACP_HOST}/shared-ns/app`)).toMatchObject({ exitCode: 2 });
      expect(jsonLines(await bed.run(['grants', 'audit', '--json']))).toHaveLength(auditedHere);
      await bed.stopServer();
    });
  });

  describe('grants import', () => {
    it('prints grants that adopt what was made by hand, and nothing else changes', async () => {
      const file = path.join(folder, 'imported.yaml');
      const printed = await bed.run(['grants', 'import', '--adopt']);
      expect(printed).toMatchObject({ exitCode: 0, stderr: '' });
      expect(printed.stdout).toContain('# RoleBinding cross-ns-pull at prod/shared-ns: ServiceAccount my-ns/default');
      await writeFile(file, printed.stdout);
      const surroundings = { env: {}, homeDir: '/', cwd: '/' };
      const { config } = await loadConfig([bed.configFile, file], surroundings);
      const names = config.grants.map(({ id }) => id);
      expect(names).toEqual(expect.arrayContaining(['cross-ns-pull', 'people', 'elsewhere']));
      expect(new Set(names).size).toBe(names.length);

      const before = await bindingOf('cross-ns-pull');
      const planned = jsonLines(await bed.run(['grants', 'plan', '--json', '-c', file]));
      const ops = planned.flatMap(({ type, op }) => (type === 'change' ? [op] : []));
      expect(ops).toHaveLength(names.length);
      expect(new Set(ops)).toEqual(new Set(['adopt']));
      expect(await bed.run(['grants', 'apply', '--yes', '-c', file])).toMatchObject({ exitCode: 0, stderr: '' });
      const after = await bindingOf('cross-ns-pull');
      expect({ ...after, metadata: undefined }).toEqual({ ...before, metadata: undefined });
      expect(after.metadata.uid).toBe(before.metadata.uid);
      expect(after.metadata.annotations).toMatchObject({ 'transship.io/grant-id': 'cross-ns-pull' });

      expect((await bed.run(['grants', 'import', '-c', file])).stdout).toContain('grants: []');
      const audited = jsonLines(await bed.run(['grants', 'audit', '--json', '-c', file]));
      expect(audited).toContainEqual(
        expect.objectContaining({
          object: 'RoleBinding cross-ns-pull',
          class: 'ours',
          grant: 'cross-ns-pull',
          reason: 'imported: RoleBinding cross-ns-pull of shared-ns (prod)',
          verifiedAt: expect.any(String),
        }),
      );
    });

    const bindingOf = async (name: string) =>
      JSON.parse(await kubernetes.kubectl(['get', 'rolebinding', '-n', 'shared-ns', name, '-o', 'json']));
  });

  it('a whole command line says in its help what its exit codes mean', async () => {
    const io = captureIo();
    await main(['can-pull', '--help'], io);
    expect(io.stdout.text()).toMatch(/ 0 {2}yes\n +1 {2}it cannot be told.*\n +2 {2}.*\n +4 {2}no\n/);
  });
});
