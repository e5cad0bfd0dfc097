// What grants are in a cluster: which RoleBindings, for whom, and what RBAC cannot say.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Wanted } from '../../../../shared/grants/backend.ts';
import { canonicalText } from '../../../../shared/grants/canonical.ts';
import type { Grantee, PullGrant, PullPart } from '../../../../shared/grants/grant.ts';
import { readContent } from '../../../../shared/grants/kubernetes/binding-content.ts';
import { accountFact } from '../../../../shared/grants/kubernetes/pinned.ts';
import { kubernetesWanted } from '../../../../shared/grants/kubernetes/wanted.ts';
import type { PullProfile } from '../../../../shared/grants/pull-profile.ts';
import { PULL_PROFILES } from '../../../../shared/grants/pull-profiles.ts';
import type { Site, Survey } from '../../../../shared/grants/site.ts';
import {
  account,
  ACP_HOST,
  allOf,
  images,
  insideGrant,
  OPENSHIFT_HOST,
} from '../../../support/grants/kubernetes-grants.ts';

const OTHER_HOST = 'other.svc';
const SITE: Site = {
  backend: 'kubernetes',
  host: 'test',
  profiles: new Map<string, PullProfile>([
    [ACP_HOST, PULL_PROFILES.acp],
    [OPENSHIFT_HOST, PULL_PROFILES.openshift],
    [OTHER_HOST, { ...PULL_PROFILES.openshift, name: 'custom', group: 'other.test', clusterRole: 'other-puller' }],
  ]),
};
const SURVEY: Survey = {
  namespaces: new Map([
    ['team-a', { uid: 'uid-a', labels: { team: 'a' }, isTerminating: false }],
    ['team-b', { uid: 'uid-b', labels: { team: 'b', tier: '1' }, isTerminating: false }],
    ['shared-ns', { uid: 'uid-shared', labels: {}, isTerminating: false }],
  ]),
  facts: { [accountFact('team-a', 'default')]: 'uid-account' },
};

function wanted(grant: PullGrant, { survey = SURVEY, instance = 'transship' } = {}): Wanted {
  const { what: parts, grantees } = grant;
  return kubernetesWanted({ grant, parts, grantees, site: SITE, survey, instance });
}

/** Each entry as `namespace key: role <- subjects`. */
function lines({ entries }: Wanted): string[] {
  return entries.map(({ target, key, content }) => {
    const { roleRef, subjects, rules } = readContent(content);
    const who = subjects.map((one) => (one.kind === 'ServiceAccount' ? `${one.namespace}/${one.name}` : one.name));
    const names = rules === undefined ? roleRef.name : rules.map((rule) => rule.resourceNames?.join()).join(' ');
    return `${target.place} ${key}: ${names} <- ${who.join(' ')}`;
  });
}

const selector = (matchLabels: Record<string, string>, serviceAccounts?: string[]): Grantee => ({
  kind: 'NamespaceSelector',
  cluster: 'test',
  selector: { matchLabels },
  ...(serviceAccounts !== undefined && { serviceAccounts }),
});
const all: Grantee = { kind: 'NamespaceSelector', cluster: 'test', selector: 'all' };
const named = (kind: 'User' | 'Group', name: string): Grantee => ({ kind, cluster: 'test', name });

describe('a grant', () => {
  test('of the guide is its binding', () => {
    expect(wanted(insideGrant('base'))).toEqual({
      entries: [
        {
          target: { backend: 'kubernetes', host: 'test', place: 'shared-ns' },
          key: 'base',
          grants: ['base'],
          content: {
            roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:image-puller' },
            subjects: [{ kind: 'ServiceAccount', namespace: 'my-ns', name: 'default' }],
          },
        },
      ],
      shortfalls: [],
    });
  });

  test.each<[string, Grantee[], string[]]>([
    [
      'all ServiceAccounts of a Namespace',
      [{ kind: 'NamespaceServiceAccounts', cluster: 'test', namespace: 'n' }],
      ['system:serviceaccounts:n'],
    ],
    ['users and groups', [named('User', 'ann'), named('Group', 'team')], ['team', 'ann']],
    ['Namespaces by label', [selector({ team: 'a' })], ['system:serviceaccounts:team-a']],
    ['ServiceAccounts of Namespaces by label', [selector({ tier: '1' }, ['x', 'y'])], ['team-b/x', 'team-b/y']],
    [
      'every Namespace',
      [all],
      ['system:serviceaccounts:shared-ns', 'system:serviceaccounts:team-a', 'system:serviceaccounts:team-b'],
    ],
    ['the same twice', [account('n', 'x'), account('n', 'x')], ['n/x']],
  ])('is for %s', (_name, grantees, subjects) => {
    expect(lines(wanted(insideGrant('g', { grantees })))).toEqual([
      `shared-ns g: system:image-puller <- ${subjects.join(' ')}`,
    ]);
  });

  test('waits for a Namespace that its selector means, and an empty selector means none', () => {
    for (const grantee of [selector({ team: 'z' }), selector({})]) {
      expect(wanted(insideGrant('g', { grantees: [grantee] }))).toMatchObject({
        entries: [],
        shortfalls: [{ grant: 'g', state: 'Pending', target: { place: '' } }],
      });
    }
  });

  test('for the own Namespace is a binding in each', () => {
    const grant = insideGrant('own', {
      from: '{namespace}',
      grantees: [selector({ team: 'a' }), account('team-b', 'x')],
    });
    expect(lines(wanted(grant))).toEqual([
      'team-a own: system:image-puller <- system:serviceaccounts:team-a',
      'team-b own: system:image-puller <- team-b/x',
    ]);
  });

  test('for the own Namespace of a user is none, and the others get theirs', () => {
    const grantees = [named('User', 'ann'), account('team-b', 'x')];
    const told = wanted(insideGrant('own', { from: '{namespace}', grantees }));
    expect(told.shortfalls).toMatchObject([{ state: 'Unsupported', message: expect.stringContaining('User ann') }]);
    expect(lines(told)).toEqual(['team-b own: system:image-puller <- team-b/x']);
  });

  test('gives both to whoever is named for a Namespace and owns it', () => {
    const what = [allOf('team-a'), allOf('{namespace}')];
    expect(
      lines(wanted(insideGrant('g', { what, grantees: [account('team-a', 'x'), account('team-b', 'y')] }))),
    ).toEqual(['team-a g: system:image-puller <- team-a/x team-b/y', 'team-b g: system:image-puller <- team-b/y']);
  });

  test('at two registries with the same role is one binding, with two roles two', () => {
    const what = [allOf('shared-ns'), allOf('shared-ns', OPENSHIFT_HOST)];
    expect(lines(wanted(insideGrant('g', { what })))).toEqual(['shared-ns g: system:image-puller <- my-ns/default']);
    expect(lines(wanted(insideGrant('g', { what: [...what, allOf('shared-ns', OTHER_HOST)] })))).toEqual([
      'shared-ns g: system:image-puller <- my-ns/default',
      'shared-ns g+other-puller: other-puller <- my-ns/default',
    ]);
  });
});

describe('repositories', () => {
  const told = (...parts: PullPart[]) => wanted(insideGrant('g', { what: parts }));

  test('that a registry asks for by name are a Role that names them', () => {
    const { entries } = told(images('shared-ns/tools'), images('shared-ns/base'));
    expect(entries.map(({ content }) => readContent(content))).toMatchObject([
      {
        roleRef: { kind: 'Role', name: expect.stringMatching(/^pull-grant-[0-9a-f]{16}$/) },
        rules: [
          {
            apiGroups: ['image.openshift.io'],
            resources: ['imagestreams/layers'],
            resourceNames: ['base', 'tools'],
            verbs: ['get'],
          },
        ],
      },
    ]);
  });

  test.each([
    ['shared-ns/**', ACP_HOST],
    ['shared-ns/**', OPENSHIFT_HOST],
    // its images are directly below
    ['shared-ns/*', OPENSHIFT_HOST],
  ])('%s of %s are the whole namespace', (pattern, host) => {
    expect(lines(told(images(pattern, host)))).toEqual(['shared-ns g: system:image-puller <- my-ns/default']);
  });

  test('that are in a namespace which is granted as a whole are in it', () => {
    expect(lines(told(images('shared-ns/base'), allOf('shared-ns', OPENSHIFT_HOST)))).toHaveLength(1);
    expect(lines(told(images('shared-ns/base'), allOf('shared-ns', OTHER_HOST)))).toHaveLength(2);
    expect(lines(told(images('shared-ns/base'), allOf('team-a', OPENSHIFT_HOST)))).toHaveLength(2);
  });

  test.each([
    ['shared-ns/base', ACP_HOST, 'as a whole'],
    ['shared-ns/*', ACP_HOST, 'no patterns'],
    ['shared-ns/deep/**', OPENSHIFT_HOST, 'no patterns'],
    ['**', OPENSHIFT_HOST, 'every namespace'],
    ['base', OPENSHIFT_HOST, 'has no namespace'],
  ])('%s of %s cannot be said by RBAC', (pattern, host, words) => {
    expect(told(images(pattern, host), allOf('shared-ns'))).toMatchObject({
      entries: [{ key: 'g' }],
      shortfalls: [
        { grant: 'g', state: 'Unsupported', message: expect.stringContaining(words), hint: expect.any(String) },
      ],
    });
  });
});

describe('what no API server knows', () => {
  test.each<Grantee>([
    { kind: 'AwsAccount', id: '111122223333' },
    { kind: 'GooglePrincipal', member: 'allUsers' },
    { kind: 'AzurePrincipal', objectId: 'x', principalType: 'User' },
    { kind: 'Robot', name: 'acme+bot' },
    { kind: 'Team', name: 'ops' },
    { kind: 'DeployToken', name: 'ci' },
  ])('is told: $kind', (grantee) => {
    expect(wanted(insideGrant('g', { grantees: [grantee] }))).toMatchObject({
      entries: [],
      shortfalls: [{ state: 'Unsupported', message: expect.stringContaining(grantee.kind) }],
    });
  });

  test('is told of a registry that does not ask this cluster', () => {
    expect(wanted(insideGrant('g', { what: [allOf('shared-ns', 'elsewhere.io')] }))).toMatchObject({
      entries: [],
      shortfalls: [{ state: 'Unsupported', message: expect.stringContaining('elsewhere.io') }],
    });
  });
});

test('every ServiceAccount there is counts as too many to give without approval', () => {
  const [entry] = wanted(insideGrant('g', { grantees: [named('Group', 'system:serviceaccounts')] })).entries;
  expect(entry?.overbroad).toBe('every ServiceAccount of cluster test');
});

test('a pinned grant is bound to what is there now', () => {
  const grantees = [account('team-a', 'default'), account('team-b', 'gone'), named('User', 'ann')];
  const [entry] = wanted(insideGrant('g', { grantees, pin: 'uid' })).entries;
  expect(entry?.uids).toEqual({
    'shared-ns': 'uid-shared',
    'team-a': 'uid-a',
    'team-b': 'uid-b',
    'team-a/default': 'uid-account',
  });
  expect(wanted(insideGrant('g', { grantees })).entries[0]).not.toHaveProperty('uids');
});

test('two instances make no Role of the same name', () => {
  const grant = insideGrant('g', { what: [images('shared-ns/base')] });
  const roles = ['transship', 'blue', 'green'].map((instance) =>
    canonicalText(wanted(grant, { instance }).entries[0]?.content ?? null),
  );
  expect(new Set(roles).size).toBe(3);
});

test('the order in which anything is declared or seen changes nothing, and nobody is lost or added', () => {
  const grantee = fc.oneof(
    fc
      .record({ namespace: fc.constantFrom('a', 'b', 'c'), name: fc.nat(700).map(String) })
      .map((one) => account(one.namespace, one.name)),
    fc.constantFrom(named('User', 'a/1'), named('Group', 'a'), selector({ team: 'a' }), all),
  );
  fc.assert(
    fc.property(
      fc
        .array(grantee, { minLength: 1, maxLength: 1500, size: 'max' })
        .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      ([grantees, shuffled]) => {
        const [first, second] = [grantees, shuffled].map(
          (some) => wanted(insideGrant('g', { grantees: some })).entries,
        );
        expect(second).toEqual(first);
        const subjects = (first ?? []).map(({ content }) => readContent(content).subjects);
        expect(subjects.every((some) => some.length > 0 && some.length <= 500)).toBe(true);
        const texts = subjects.flat().map((one) => canonicalText(one));
        expect(new Set(texts).size).toBe(texts.length);
      },
    ),
    { numRuns: 30 },
  );
});
