// Clusters and rules of credentials: what the program works with, and when two rules may meet in a Namespace.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readConfig } from '../../../shared/config/load.ts';
import { overlapOf, type Overlap } from '../../../shared/config/namespace-overlap.ts';
import { problemsOf } from '../../../shared/config/problem.ts';
import type { NamespaceSelection } from '../../../shared/credentials/credential-rule.ts';
import { failureOf } from '../../support/failure.ts';

const load = (text: string) =>
  readConfig([{ file: 'f/transship.yaml', text }], { env: {}, homeDir: '/home/u', cwd: '/w' });

const REGISTRIES = 'registries: { h.io: { credential: { docker: {} }, aliases: [other.io] } }';

test('defaults are written out', () => {
  const { config } = load(`version: 1
${REGISTRIES}
clusters: [{ name: prod, inCluster: {} }]
credentials:
  - { name: a, clusters: [prod], namespaces: { all: true }, registries: [h.io], secret: { name: pull } }
`);
  expect(config.clusters).toEqual([{ name: 'prod', inCluster: {}, limits: {} }]);
  expect(config.credentials).toEqual([
    {
      name: 'a',
      clusters: ['prod'],
      namespaces: { all: true, exclude: [] },
      registries: ['h.io'],
      secret: { name: 'pull', layout: 'merged' },
      serviceAccounts: { names: ['default'] },
      verify: true,
      prune: false,
      adopt: false,
    },
  ]);
  expect(config.api.admission).toBe(undefined);
});

test('files are found beside the configuration, labels are left alone', () => {
  const { config } = load(`version: 1
${REGISTRIES}
clusters:
  - { name: a, kubeconfig: { path: ./kube.yaml, context: c } }
  - { name: b, kubeconfig: { path: ~/kube.yaml } }
  - { name: c, server: "https://10.0.0.1:6443", token: { file: token }, ca: { file: ca.pem } }
credentials:
  - name: r
    clusters: [a]
    namespaces: { selector: { path: x, file: y }, exclude: [kube-*] }
    registries: [other.io]
    secret: { name: pull }
    serviceAccounts: { selector: { matchExpressions: [{ key: a, operator: Exists }] } }
    schedule: { cron: "0 4 * * *" }
api: { admission: { listen: ":8443", tls: { certificate: { file: c.pem }, key: { file: k.pem } } } }
`);
  expect(config.clusters).toMatchObject([
    { kubeconfig: { path: '/w/f/kube.yaml' } },
    { kubeconfig: { path: '/home/u/kube.yaml' } },
    { token: { file: '/w/f/token' }, ca: { file: '/w/f/ca.pem' } },
  ]);
  expect(config.credentials).toMatchObject([
    {
      namespaces: { selector: { matchLabels: { path: 'x', file: 'y' } }, exclude: ['kube-*'] },
      registries: ['h.io'],
      serviceAccounts: { selector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } },
      schedule: { cron: '0 4 * * *', timeZone: 'UTC' },
    },
  ]);
  expect(config.api.admission).toMatchObject({ listen: { host: '0.0.0.0', port: 8443 } });
});

test('later files win entry by entry', () => {
  const texts = [
    {
      file: 'a.yaml',
      text: 'version: 1\nclusters: [{ name: a, kubeconfig: { context: x } }, { name: b, inCluster: {} }]\n',
    },
    { file: 'b.yaml', text: 'clusters: [{ name: a, kubeconfig: { context: y } }]\n' },
  ];
  const { config } = readConfig(texts, { env: {}, homeDir: '/', cwd: '/' });
  expect(config.clusters).toMatchObject([{ kubeconfig: { context: 'y' } }, { name: 'b' }]);
});

test('a mistake in a cluster or a registry makes no second one where others name it', () => {
  const text = `version: 1
registries: { h.io: { credential: { dockr: {} } } }
clusters: [{ name: prod, eks: { region: e } }]
credentials:
  - { name: a, clusters: [prod], namespaces: { all: true }, registries: [h.io], secret: { name: pull } }
`;
  const error = failureOf(() => load(text));
  expect(error === undefined ? [] : problemsOf(error).map(({ path }) => path)).toEqual([
    'registries["h.io"].credential',
    'clusters[0].eks',
  ]);
});

test('rules that may meet by labels are warned of', () => {
  const { warnings } = load(`version: 1
${REGISTRIES}
clusters: [{ name: prod, inCluster: {} }]
credentials:
  - { name: a, clusters: [prod], namespaces: { selector: { a: b } }, registries: [h.io], secret: { name: pull } }
  - { name: b, clusters: [prod], namespaces: { selector: { c: d } }, registries: [h.io], secret: { name: pull } }
`);
  expect(warnings).toMatchObject([
    { path: 'credentials[1].secret.name', message: expect.stringContaining('may want') },
  ]);
});

const selection = (part: Partial<NamespaceSelection>): NamespaceSelection => ({ exclude: [], ...part });
const labels = (matchLabels: Record<string, string>) => selection({ selector: { matchLabels } });
const expression = (key: string, operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]) =>
  selection({ selector: { matchExpressions: [{ key, operator, ...(values.length === 0 ? {} : { values }) }] } });

const OVERLAPS: readonly [NamespaceSelection, NamespaceSelection, Overlap][] = [
  [selection({ all: true }), selection({ all: true }), 'surely'],
  [selection({ all: true, exclude: ['team-*'] }), selection({ names: ['team-a*'] }), 'never'],
  [selection({ all: true }), selection({ names: ['a'], exclude: ['a'] }), 'never'],
  [selection({ all: true }), labels({ a: 'b' }), 'surely'],
  [selection({ names: ['a'] }), labels({ a: 'b' }), 'maybe'],
  [selection({ names: ['a'] }), { ...labels({ a: 'b' }), exclude: ['a'] }, 'never'],
  [labels({ a: 'b' }), labels({ a: 'c' }), 'never'],
  [labels({ a: 'b' }), labels({ b: 'c' }), 'maybe'],
  [labels({ a: 'b', c: 'd' }), labels({ c: 'd', a: 'b' }), 'surely'],
  [labels({ a: 'b' }), expression('a', 'In', 'b'), 'surely'],
  [labels({ a: 'b' }), expression('a', 'In', 'b', 'c'), 'maybe'],
  [labels({ a: 'b' }), expression('a', 'NotIn', 'b'), 'never'],
  [labels({ a: 'b' }), expression('a', 'NotIn', 'c'), 'maybe'],
  [labels({ a: 'b' }), expression('a', 'DoesNotExist'), 'never'],
  [expression('a', 'Exists'), expression('a', 'DoesNotExist'), 'never'],
  [expression('a', 'NotIn', 'b'), expression('a', 'DoesNotExist'), 'maybe'],
  [expression('a', 'Exists'), expression('a', 'NotIn', 'b'), 'maybe'],
];

test.each(OVERLAPS)('%j and %j: %s', (left, right, expected) => {
  expect(overlapOf(left, right)).toBe(expected);
  expect(overlapOf(right, left)).toBe(expected);
});

const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 });
const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 });

test('patterns that some name fits both of do overlap, whatever is not excluded', () => {
  const fits = (text: string, one: string) => new RegExp(`^${one.replaceAll('*', '.*')}$`).test(text);
  fc.assert(
    fc.property(pattern, pattern, name, fc.array(pattern, { maxLength: 1 }), (left, right, text, exclude) => {
      fc.pre(fits(text, left) && fits(text, right) && !exclude.some((one) => fits(text, one)));
      expect(overlapOf(selection({ names: [left], exclude }), selection({ names: [right] }))).toBe('surely');
    }),
  );
});

test('patterns that overlap have a name that fits both', () => {
  const texts = Array.from({ length: 2 ** 9 }, (_, index) =>
    (index + 1).toString(2).slice(1).replaceAll('0', 'a').replaceAll('1', 'b'),
  );
  const fits = (text: string, one: string) => new RegExp(`^${one.replaceAll('*', '.*')}$`).test(text);
  fc.assert(
    fc.property(pattern, pattern, (left, right) => {
      const isSome = texts.some((text) => fits(text, left) && fits(text, right));
      const expected = isSome ? 'surely' : 'never';
      expect(overlapOf(selection({ names: [left] }), selection({ names: [right] }))).toBe(expected);
    }),
  );
});
