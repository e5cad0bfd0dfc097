// Grants, registries of clusters and the token endpoint: what the program works with.
import { expect, test } from 'vitest';
import { readConfig } from '../../../shared/config/load.ts';
import { parseMoment } from '../../../shared/config/moments.ts';
import { sitesOf } from '../../../shared/grants/sites.ts';

const load = (text: string) =>
  readConfig([{ file: 'f/transship.yaml', text: `version: 1\n${text}` }], { env: {}, homeDir: '/home/u', cwd: '/w' });

const CLUSTER = 'clusters: [{ name: prod, inCluster: {} }]\n';
const TWO = 'clusters: [{ name: prod, inCluster: {} }, { name: test, kubeconfig: {} }]\n';
const PULL = 'pull: [{ registry: internal-docker-registry.cpaas-system.svc, namespace: shared-ns }]';

/** The grantees of one grant. */
const granteesOf = (to: string, head = CLUSTER, pull = PULL) =>
  load(`${head}grants: [{ name: a, reason: r, ${pull}, to: ${to} }]\n`).config.grants[0]?.grantees;

test('the grant of the guide is read with all its defaults', () => {
  const { config, warnings } = load(
    `${CLUSTER}grants: [{ name: cross-ns-pull, reason: JIRA-1, until: 2027-01-31, ${PULL}, to: { serviceAccount: my-ns/default } }]\n`,
  );
  expect(warnings).toEqual([]);
  expect(config.grantsEveryMs).toBe(600_000);
  expect(config.grants).toEqual([
    {
      id: 'cross-ns-pull',
      grantees: [{ kind: 'ServiceAccount', cluster: 'prod', namespace: 'my-ns', name: 'default' }],
      what: [
        {
          registry: 'internal-docker-registry.cpaas-system.svc',
          what: { kind: 'namespace', name: 'shared-ns' },
          actions: ['pull'],
        },
      ],
      expiresAt: new Date('2027-02-01T00:00:00Z'),
      reason: 'JIRA-1',
      mode: 'enforce',
      onExpiry: 'revoke',
      pin: 'name',
      adopt: false,
      origin: 'file',
    },
  ]);
});

test.each([
  ['{ namespace: a }', { kind: 'NamespaceServiceAccounts', cluster: 'prod', namespace: 'a' }],
  [
    '{ namespaceSelector: { file: x }, serviceAccounts: [b] }',
    { kind: 'NamespaceSelector', cluster: 'prod', selector: { matchLabels: { file: 'x' } }, serviceAccounts: ['b'] },
  ],
  ['{ namespaceSelector: all }', { kind: 'NamespaceSelector', cluster: 'prod', selector: 'all' }],
  ['{ user: jane }', { kind: 'User', name: 'jane', cluster: 'prod' }],
  ['{ group: "system:serviceaccounts:a" }', { kind: 'Group', name: 'system:serviceaccounts:a', cluster: 'prod' }],
  ['{ awsAccount: "012345678901" }', { kind: 'AwsAccount', id: '012345678901' }],
  [
    '{ awsRole: "arn:aws:iam::111122223333:role/a/b" }',
    { kind: 'AwsPrincipal', arn: 'arn:aws:iam::111122223333:role/a/b' },
  ],
  ['{ awsOrganization: o-a1b2c3d4e5 }', { kind: 'AwsOrganization', id: 'o-a1b2c3d4e5' }],
  ['{ googlePrincipal: "group:team@acme.io" }', { kind: 'GooglePrincipal', member: 'group:team@acme.io' }],
  [
    '{ azurePrincipal: { objectId: 7F951DDA-4ED3-4680-A7CA-43FE172D538D, type: Group } }',
    { kind: 'AzurePrincipal', objectId: '7f951dda-4ed3-4680-a7ca-43fe172d538d', principalType: 'Group' },
  ],
  [
    '{ robot: ci, secret: { namespace: a, name: pull } }',
    { kind: 'Robot', name: 'ci', secret: { cluster: 'prod', namespace: 'a', name: 'pull' } },
  ],
  ['{ team: readers }', { kind: 'Team', name: 'readers' }],
  ['{ deployToken: ci }', { kind: 'DeployToken', name: 'ci' }],
])('who: %s', (to, expected) => {
  expect(granteesOf(to)).toEqual([expected]);
});

test('a user of a registry outside of clusters belongs to no cluster', () => {
  const head = `${CLUSTER}registries: { h.io: { kind: harbor } }\n`;
  expect(granteesOf('{ user: jane }', head, 'pull: [{ registry: h.io, repository: a/b }]')).toEqual([
    { kind: 'User', name: 'jane' },
  ]);
});

test('of several clusters the named one is meant', () => {
  expect(granteesOf('[{ namespace: a, cluster: test }, { namespace: b, cluster: prod }]', TWO)).toMatchObject([
    { cluster: 'test' },
    { cluster: 'prod' },
  ]);
});

test('what: registries stand under one name, a prefix is a pattern of any depth', () => {
  const { config } = load(`registries: { h.io: { kind: harbor, aliases: [other.io] } }
grants:
  - { name: a, reason: r, to: { user: u }, pull: [{ registry: other.io, prefix: team-a/, actions: [pull, list] }] }
`);
  expect(config.grants[0]?.what).toEqual([
    { registry: 'h.io', what: { kind: 'repository', pattern: 'team-a/**' }, actions: ['pull', 'list'] },
  ]);
});

test.each(['a.io', 'b.io'])('a cluster that calls its registry %s decides over all of its names', (inside) => {
  const pull = ['a.io', 'b.io'].map((registry) => `{ registry: ${registry}, namespace: base }`);
  const { config, warnings } = load(`registries: { a.io: { aliases: [b.io] } }
clusters: [{ name: prod, inCluster: {}, registries: { ${inside}: openshift } }]
tokenEndpoint: { issuer: i, service: s, registry: b.io }
grants: [{ name: g, reason: r, to: { group: all }, pull: [${pull.join(', ')}] }]
`);
  expect(warnings).toEqual([]);
  expect(config.tokenEndpoint).toMatchObject({ registry: 'a.io', cluster: 'prod' });
  expect(config.grants[0]).toMatchObject({
    grantees: [{ kind: 'Group', cluster: 'prod' }],
    what: [{ registry: 'a.io' }, { registry: 'a.io' }],
  });
  expect(sitesOf(config).profileOf('a.io', 'prod')?.name).toBe('openshift');
});

test('a registry without any means of its own is told', () => {
  const { warnings } = load(`registries: { plain.io: {} }
grants: [{ name: a, reason: r, to: { user: u }, pull: [{ registry: plain.io, repository: a/b }] }]
`);
  expect(warnings).toMatchObject([
    { path: 'grants[0].pull[0].registry', message: expect.stringContaining('no means') },
  ]);
});

test.each([
  ['2027-01-31', 'start', '2027-01-31T00:00:00.000Z'],
  ['2027-01-31', 'end', '2027-02-01T00:00:00.000Z'],
  ['2028-02-29', 'start', '2028-02-29T00:00:00.000Z'],
  ['2027-01-31T12:00:00Z', 'end', '2027-01-31T12:00:00.000Z'],
  ['2027-01-31t12:00:00+02:00', 'start', '2027-01-31T10:00:00.000Z'],
  ['2027-02-29', 'start', undefined],
  ['2027-02-29T12:00:00Z', 'start', undefined],
  ['2027-01-31T25:00:00Z', 'start', undefined],
  ['2027-01-31T12:00:00', 'start', undefined],
  ['31.1.2027', 'start', undefined],
  ['', 'end', undefined],
] as const)('the moment %s at the %s of a day', (text, edge, expected) => {
  expect(parseMoment(text, edge)?.toISOString()).toBe(expected);
});

test('a registry is decided over by its own means, or by the cluster that names it', () => {
  const { config } = load(`registries: { q.io: { kind: quay }, inside.io: { kind: acp } }
clusters:
  - name: prod
    inCluster: {}
    registries: { "r.io:5000": openshift, s.io: { custom: { group: g, resource: things } } }
  - { name: test, kubeconfig: {} }
`);
  const sites = sitesOf(config);
  expect(sites.ofRegistry('q.io').backend).toBe('quay');
  expect(sites.ofRegistry('111122223333.dkr.ecr.eu-west-1.amazonaws.com').backend).toBe('ecr');
  expect(sites.ofRegistry('r.io:5000').backend).toBe('none');
  expect([...sites.ofCluster('prod').profiles].map(([host, { name }]) => [host, name])).toEqual([
    ['inside.io', 'acp'],
    ['r.io:5000', 'openshift'],
    ['s.io', 'custom'],
  ]);
  expect(sites.profileOf('s.io', 'prod')).toEqual({
    name: 'custom',
    group: 'g',
    resource: 'things',
    verb: 'get',
    joinedForm: false,
    nameFrom: 'none',
    clusterRole: 'system:image-puller',
    expectServed: true,
  });
  expect(sites.profileOf('s.io', 'test')).toBe(undefined);
  expect(sites.profileOf('image-registry.openshift-image-registry.svc:5000', 'test')?.name).toBe('openshift');
});

test('the token endpoint knows its registry, its cluster and its profile', () => {
  const { config } = load(`clusters: [{ name: prod, inCluster: {}, registries: { "r.io:5000": acp-v2 } }]
tokenEndpoint: { issuer: transship, service: r, anonymous: { pull: [public/**] }, life: 2m }
`);
  expect(config.tokenEndpoint).toMatchObject({
    issuer: 'transship',
    service: 'r',
    registry: 'r.io:5000',
    cluster: 'prod',
    profile: { name: 'acp-v2' },
    anonymous: { pull: ['public/**'] },
    audiences: [],
    lifeMs: 120_000,
  });
});
