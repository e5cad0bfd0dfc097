// What `transship cluster manifests` prints, at a real API server: the rights are those that each mode needs and no others, the policies do
// what they say, and both webhooks are taken.
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MODES, type Mode } from '../../../infra/kubernetes/permissions.ts';
import { manifestsOf, type ManifestOptions } from '../../../infra/kubernetes/manifests.ts';
import { manifestsToYaml } from '../../../infra/kubernetes/to-yaml.ts';
import { reviewOwnAccess, type AccessQuestion } from '../../../shared/cluster/access-review.ts';
import { attachPullSecrets, detachPullSecrets, getServiceAccount } from '../../../shared/cluster/service-accounts.ts';
import { readConfig } from '../../../shared/config/load.ts';
import { isKubernetesMissing, startKubernetes, type Kubernetes } from '../../support/kubernetes.ts';
import { openTestCluster } from '../../support/open-test-cluster.ts';

const TEXT = `version: 1
registries:
  h.io: { credential: { docker: {} } }
  i.io: { credential: { serviceAccount: { cluster: prod, namespace: registry, name: puller } } }
clusters: [{ name: prod, inCluster: {} }]
credentials:
  - name: pull
    clusters: [prod]
    namespaces: { names: [team-a, team-b] }
    registries: [h.io, i.io]
    secret: { name: registry-pull }
    serviceAccounts: [default]
`;

const config = (text: string, instance: string) => ({
  ...readConfig([{ file: 'f', text }], { env: {}, homeDir: '/', cwd: '/' }).config,
  instance,
});

/** Each mode is somebody else, with roles of their own. */
const userOf = (mode: Mode) => `user-${mode}`;

function optionsOf(mode: Mode, more: Partial<ManifestOptions> = {}): ManifestOptions {
  return { cluster: 'prod', mode, subject: { user: userOf(mode) }, isWatching: false, attach: 'off', ...more };
}

// What a mode may do: verbs, resource, names, Namespaces; without names all, without Namespaces the whole cluster.
type Right = [verbs: string[], resource: string, names?: string[] | undefined, namespaces?: string[]];

const SECRET = ['registry-pull'];
const NAMED = ['team-a', 'team-b'];
const TOKEN: Right = [['create'], 'serviceaccounts/token', ['puller'], ['registry']];
const EVENTS: Right = [['create', 'patch'], 'events'];
const HEADS: Right = [['get', 'list'], 'namespaces'];
const WRITES: Right = [['get', 'create', 'patch'], 'secrets', SECRET];

const RIGHTS: Readonly<Record<Mode, readonly Right[]>> = {
  lean: [HEADS, [['get', 'list', 'patch'], 'serviceaccounts'], WRITES, EVENTS, TOKEN],
  fast: [HEADS, [['get', 'list', 'patch'], 'serviceaccounts'], WRITES, [['list'], 'secrets'], EVENTS, TOKEN],
  'secret-only': [HEADS, [['get', 'list'], 'serviceaccounts'], WRITES, EVENTS, TOKEN],
  'policy-attach': [HEADS, [['get', 'list'], 'serviceaccounts'], WRITES, EVENTS, TOKEN],
  namespaced: [
    [['get'], 'namespaces', undefined, NAMED],
    [['get', 'list', 'patch'], 'serviceaccounts', undefined, NAMED],
    [['get', 'create', 'patch'], 'secrets', SECRET, NAMED],
    [['create', 'patch'], 'events', undefined, NAMED],
    TOKEN,
  ],
  watcher: [[['get', 'list', 'watch'], 'namespaces']],
  webhook: [],
};

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', '*'];
const RESOURCES = [
  'namespaces',
  'secrets',
  'serviceaccounts',
  'serviceaccounts/token',
  'events',
  'pods',
  'configmaps',
  'nodes',
  'clusterroles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  '*',
  'leases.coordination.k8s.io',
  'mutatingadmissionpolicies.admissionregistration.k8s.io',
];
const PLACES = [
  {},
  { namespace: 'team-a' },
  { namespace: 'team-a', name: 'registry-pull' },
  { namespace: 'team-a', name: 'team-a' },
  { namespace: 'kube-system', name: 'registry-pull' },
  { namespace: 'registry', name: 'puller' },
];

function questions(): AccessQuestion[] {
  return VERBS.flatMap((verb) =>
    RESOURCES.flatMap((text) => PLACES.map((place) => ({ verb, ...resourceOf(text), ...place }))),
  );
}

function resourceOf(text: string): Pick<AccessQuestion, 'resource' | 'subresource' | 'group'> {
  const [path = '', ...group] = text.split('.');
  const [resource = '', subresource] = path.split('/');
  return {
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(group.length === 0 ? {} : { group: group.join('.') }),
  };
}

function isExpected(rights: readonly Right[], question: AccessQuestion): boolean {
  const { verb, resource, subresource, group, namespace, name } = question;
  const path = subresource === undefined ? resource : `${resource}/${subresource}`;
  return rights.some(
    ([verbs, what, names, namespaces]) =>
      group === undefined &&
      verbs.includes(verb) &&
      what === path &&
      (names === undefined || (name !== undefined && names.includes(name))) &&
      (namespaces === undefined || (namespace !== undefined && namespaces.includes(namespace))),
  );
}

// needs a real kube-apiserver with etcd
describe.skipIf(isKubernetesMissing())('manifests', () => {
  let kubernetes: Kubernetes;

  beforeAll(async () => {
    const users = Object.fromEntries([...MODES.map(userOf), 'editor'].map((user) => [user, []]));
    kubernetes = await startKubernetes({ users, hasControllers: true });
    for (const name of ['team-a', 'team-b', 'registry']) await kubernetes.kubectl(['create', 'namespace', name]);
  });
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  async function apply(text: string, options: ManifestOptions, instance = `transship-${options.mode}`) {
    const yaml = manifestsToYaml(manifestsOf(config(text, instance), options));
    if (yaml !== '') await kubernetes.kubectl(['apply', '-f', '-'], { input: yaml });
    return yaml;
  }

  it.each(MODES)('mode %s: what is printed allows what is needed, and everything else is refused', async (mode) => {
    await apply(TEXT, optionsOf(mode));
    const cluster = await openTestCluster(kubernetes, {
      user: userOf(mode),
      requestsPerSecond: 10_000,
      concurrency: 64,
    });
    try {
      const surprises: string[] = [];
      const review = async (question: AccessQuestion) => {
        const { isAllowed } = await reviewOwnAccess(cluster, question);
        if (isAllowed !== isExpected(RIGHTS[mode], question))
          surprises.push(`${isAllowed}: ${JSON.stringify(question)}`);
      };
      await Promise.all(questions().map(review));
      expect(surprises).toEqual([]);
    } finally {
      await cluster.close();
    }
  });

  it('rights follow from the rules: delete only where something is removed, watch only where it is asked for', async () => {
    const text = TEXT.replace('serviceAccounts: [default]', 'serviceAccounts: none');
    const rules = (yaml: string) =>
      parseAllDocuments(yaml)
        .map((document) => document.toJS())
        .filter(({ kind }) => kind === 'ClusterRole')
        .flatMap(({ rules: all }) =>
          all.map((rule: { resources: string[]; verbs: string[] }) => [...rule.resources, ...rule.verbs]),
        );
    const print = (body: string, more: Partial<ManifestOptions>) =>
      manifestsToYaml(manifestsOf(config(body, 'transship'), optionsOf('lean', more)));
    expect(rules(print(text, {}))).toEqual([
      ['namespaces', 'get', 'list'],
      ['secrets', 'get', 'create', 'patch'],
      ['events', 'create', 'patch'],
    ]);
    expect(rules(print(`${text}    prune: true\n`, { isWatching: true }))).toEqual([
      ['namespaces', 'get', 'list', 'watch'],
      ['serviceaccounts', 'get', 'list', 'patch'],
      ['secrets', 'get', 'create', 'patch', 'delete'],
      ['events', 'create', 'patch'],
    ]);
    expect(rules(print(TEXT, { isWatching: true }))).toEqual([
      ['namespaces', 'get', 'list', 'watch'],
      ['serviceaccounts', 'get', 'list', 'watch', 'patch'],
      ['secrets', 'get', 'create', 'patch'],
      ['events', 'create', 'patch'],
    ]);
  });

  it('a ServiceAccount is changed only by references to our Secrets, whatever RBAC says', async () => {
    await apply(TEXT, optionsOf('lean', { subject: { user: 'editor' } }), 'guarded');
    await using cluster = await disposable(kubernetes, 'editor');
    const seen = { namespace: 'team-b', name: 'default' };
    const options = { fieldManager: 'test' };
    await kubernetes.kubectl([
      '-n',
      'team-b',
      'patch',
      'sa',
      'default',
      '-p',
      '{"imagePullSecrets":[{"name":"theirs"}]}',
    ]);
    // a fresh policy becomes active within moments
    let probes = 0;
    const probe = () => attachPullSecrets(cluster, seen, [`foreign-${(probes += 1)}`], options).catch(codeOf);
    await expect.poll(probe, { timeout: 20_000 }).toBe('object-refused');
    await kubernetes.kubectl([
      '-n',
      'team-b',
      'patch',
      'sa',
      'default',
      '--type=merge',
      '-p',
      '{"imagePullSecrets":[{"name":"theirs"}]}',
    ]);
    await expect(detachPullSecrets(cluster, seen, ['theirs'], options).catch(codeOf)).resolves.toBe('object-refused');
    expect(await attachPullSecrets(cluster, seen, ['registry-pull'], options)).toBe('changed');
    expect(await getServiceAccount(cluster, seen)).toMatchObject({ imagePullSecrets: ['theirs', 'registry-pull'] });
    expect(await detachPullSecrets(cluster, seen, ['registry-pull'], options)).toBe('changed');
    const changes = [
      ['/metadata/annotations', { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/admin' }],
      ['/metadata/labels', { a: 'b' }],
      ['/automountServiceAccountToken', false],
      ['/secrets', [{ name: 'token' }]],
      ['/metadata/finalizers', ['a.io/b']],
    ];
    for (const [path, value] of changes) {
      const patch = JSON.stringify([{ op: 'add', path, value }]);
      const words = ['-n', 'team-b', 'patch', 'sa', 'default', '--type=json', '-p', patch];
      await expect(kubernetes.kubectl(words, { user: 'editor' })).rejects.toThrow('nothing but imagePullSecrets');
    }
  });

  it('a new Namespace has its ServiceAccount with the reference at once: no Pod can come before', async () => {
    const text = TEXT.replace('names: [team-a, team-b]', 'names: [new-*], exclude: [new-x*]');
    await apply(text, optionsOf('policy-attach', { attach: 'policy' }), 'attached');
    // a fresh policy becomes active within moments
    let probes = 0;
    const probe = () => referencesAtBirth(`new-probe-${(probes += 1)}`);
    await expect.poll(probe, { timeout: 20_000 }).toEqual(['registry-pull']);
    for (let index = 0; index < 10; index += 1) {
      expect(await referencesAtBirth(`new-${index}`)).toEqual(['registry-pull']);
    }
    expect(await referencesAtBirth('new-x')).toEqual([]);
    expect(await referencesAtBirth('old')).toEqual([]);
    await kubernetes.kubectl(['-n', 'new-0', 'create', 'serviceaccount', 'other']);
    expect(await referencesOf('new-0', 'other')).toEqual([]);
  });

  it('a policy adds to the references that are there, for several Secrets, and by labels', async () => {
    const text = `version: 1
registries: { h.io: { credential: { docker: {} } }, "i.io:5000": { credential: { docker: {} } } }
clusters: [{ name: prod, inCluster: {} }]
credentials:
  - name: Labelled_1
    clusters: [prod]
    namespaces: { selector: { matchExpressions: [{ key: pull, operator: In, values: ["yes"] }] } }
    registries: [h.io, "i.io:5000"]
    secret: { name: each, layout: per-registry }
    serviceAccounts: { selector: { app: web } }
`;
    await apply(text, optionsOf('secret-only', { attach: 'policy' }), 'labelled');
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'lab', labels: { pull: 'yes' } } });
    const make = async (name: string, imagePullSecrets: object[] | undefined, labels: object = { app: 'web' }) => {
      const metadata = { name, namespace: 'lab', labels };
      await kubernetes.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata, imagePullSecrets });
      return referencesOf('lab', name);
    };
    const [plain, hashed] = ['each-h.io', expect.stringMatching(/^each-i\.io-5000-[0-9a-f]{8}$/)];
    let count = 0;
    await expect.poll(() => make(`probe-${(count += 1)}`, undefined), { timeout: 20_000 }).toEqual([plain, hashed]);
    expect(await make('empty', [])).toEqual([plain, hashed]);
    expect(await make('filled', [{ name: 'theirs' }, { name: 'each-h.io' }])).toEqual(['theirs', plain, hashed]);
    expect(await make('unlabelled', undefined, {})).toEqual([]);
  });

  it('both webhooks are taken by the API server, by address and by Service', async () => {
    for (const url of ['https://127.0.0.1:1/k8s/admission/prod/t', 'https://transship.transship.svc:8443/k8s/x']) {
      const admission = { url: new URL(url), certificateAuthority: kubernetes.ca };
      await apply(TEXT, optionsOf('webhook', { attach: 'webhook', admission }), 'hooked');
      // nobody listens there: everything goes on
      await kubernetes.kubectl(['create', 'namespace', `hooked-${url.length}`]);
    }
    const kinds = 'validatingwebhookconfiguration,mutatingwebhookconfiguration';
    expect(await kubernetes.kubectl(['get', kinds, '-o', 'name'])).toMatch(/hooked-namespaces\n.*hooked-references\n/);
    await kubernetes.kubectl(['delete', kinds, 'hooked-namespaces', 'hooked-references', '--ignore-not-found']);
  });

  it('a Deployment and all that belongs to it are taken', async () => {
    const serviceAccount = { namespace: 'transship', name: 'transship' };
    const deployment = {
      ...serviceAccount,
      image: 'registry.example.com/transship:1',
      apiPort: 8080,
      admissionPort: 8443,
    };
    await apply(TEXT, optionsOf('lean', { subject: { serviceAccount }, deployment, isWatching: true }), 'deployed');
    const made = await kubernetes.kubectl([
      '-n',
      'transship',
      'get',
      'deployment,service,pvc,serviceaccount',
      '-o',
      'name',
    ]);
    expect(made.split('\n')).toEqual(
      expect.arrayContaining([
        'deployment.apps/transship',
        'service/transship',
        'persistentvolumeclaim/transship',
        'serviceaccount/transship',
      ]),
    );
  });

  async function referencesOf(namespace: string, name: string): Promise<string[]> {
    const text = await kubernetes.kubectl(['-n', namespace, 'get', 'sa', name, '-o', 'json']);
    const { imagePullSecrets = [] }: { imagePullSecrets?: { name: string }[] } = JSON.parse(text);
    return imagePullSecrets.map(({ name: secret }) => secret);
  }

  /** Of `default` as it was made, and nobody has changed it since. */
  async function referencesAtBirth(namespace: string): Promise<string[]> {
    await kubernetes.kubectl(['create', 'namespace', namespace]);
    const words = ['-n', namespace, 'wait', '--for=create', 'serviceaccount/default', '--timeout=30s'];
    await kubernetes.kubectl(words);
    const writes = (await kubernetes.auditEvents()).filter(
      (event) => event.resource === 'serviceaccounts' && event.namespace === namespace && event.name === 'default',
    );
    expect(
      writes.map(({ verb }) => verb).filter((verb) => verb !== 'get' && verb !== 'list' && verb !== 'watch'),
    ).toEqual(['create']);
    return referencesOf(namespace, 'default');
  }
});

async function disposable(kubernetes: Kubernetes, user: string) {
  const cluster = await openTestCluster(kubernetes, { user });
  return { ...cluster, [Symbol.asyncDispose]: () => cluster.close() };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}
