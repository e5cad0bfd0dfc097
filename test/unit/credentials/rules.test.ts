// What rules select, what their Secrets are called, what stands at them, and when they are renewed.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelValue } from '../../../shared/cluster/label-value.ts';
import { matchesSelector, type LabelSelector } from '../../../shared/cluster/label-selector.ts';
import type { NamespaceSelection } from '../../../shared/credentials/credential-rule.ts';
import { renewAfterMs, renewalWindow, timesOf } from '../../../shared/credentials/refresh.ts';
import { secretTargets } from '../../../shared/credentials/secret-target.ts';
import {
  instanceSelector,
  isOurs,
  MARK_ANNOTATIONS,
  MARK_LABELS,
  readMarks,
  type SecretMarks,
  summaryOf,
  writeMarks,
} from '../../../shared/credentials/secret-marks.ts';
import { selectsNamespace } from '../../../shared/credentials/selects-namespace.ts';
import { HOUR_MS, ruleOf } from '../../support/credential-rules.ts';

const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

describe('a Namespace is selected', () => {
  const labels = { team: 'a', 'transship.io/pull': 'true', empty: '' };
  test.each<[string, Partial<NamespaceSelection>, string, boolean]>([
    ['by its name', { names: ['team-a'] }, 'team-a', true],
    ['by a glob', { names: ['team-*'] }, 'team-a', true],
    ['by a glob in the middle', { names: ['*-a-*'] }, 'team-a-x', true],
    ['by no other name', { names: ['team-*'] }, 'my-team-a', false],
    ['by no part of its name', { names: ['team'] }, 'team-a', false],
    ['by no glob that would need more than it has', { names: ['ab*ba'] }, 'aba', false],
    ['by all', { all: true }, 'x', true],
    ['by all but what is excluded', { all: true, exclude: ['kube-*'] }, 'kube-system', false],
    ['by its name, unless that is excluded', { names: ['x'], exclude: ['x'] }, 'x', false],
    ['by labels', { selector: { matchLabels: { team: 'a' } } }, 'x', true],
    [
      'by names and labels only where both hold',
      { names: ['y'], selector: { matchLabels: { team: 'a' } } },
      'x',
      false,
    ],
    ['not by an empty selector', { selector: {} }, 'x', false],
    ['not by nothing', {}, 'x', false],
  ])('%s', (_, selection, name, expected) => {
    expect(selectsNamespace({ exclude: [], ...selection }, { name, labels })).toBe(expected);
  });

  test.each<[LabelSelector, boolean]>([
    [{ matchLabels: { team: 'a', empty: '' } }, true],
    [{ matchLabels: { team: 'a', missing: '' } }, false],
    [{ matchLabels: { constructor: 'x' } }, false],
    [{ matchExpressions: [{ key: 'team', operator: 'In', values: ['b', 'a'] }] }, true],
    [{ matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['b'] }] }, true],
    [{ matchExpressions: [{ key: 'missing', operator: 'NotIn', values: ['b'] }] }, true],
    [{ matchExpressions: [{ key: 'missing', operator: 'In', values: ['b'] }] }, false],
    [{ matchExpressions: [{ key: 'empty', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'toString', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'missing', operator: 'DoesNotExist' }] }, true],
    [{ matchLabels: { team: 'a' }, matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] }, false],
  ])('by %j: %s', (selector, expected) => {
    expect(matchesSelector(selector, labels)).toBe(expected);
  });
});

describe('Secrets of a rule', () => {
  const per = (registry: string, name = 'pull'): string =>
    secretTargets(ruleOf({ registries: [registry], secret: { name, layout: 'per-registry' } }))[0]?.secret ?? '';

  test('are one with all registries, or one for each', () => {
    const rule = ruleOf({ registries: ['a.io', 'b.io', 'a.io'], secret: { name: 'pull', layout: 'merged' } });
    expect(secretTargets(rule)).toEqual([{ rule, secret: 'pull', registries: ['a.io', 'b.io'] }]);
    expect(per('a.io')).toBe('pull-a.io');
  });

  test('have names that Kubernetes takes, and each registry its own', () => {
    const registry = fc.oneof(
      fc.domain(),
      fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `${host}:${port}`),
      fc.constantFrom('[::1]:5000', '[::1]:500', '[::]:1', 'R.io', 'r.io', 'r.io-5000', 'r.io:5000', 'a_b.io'),
    );
    fc.assert(
      fc.property(registry, registry, fc.constantFrom('pull', 'p'.repeat(240)), (left, right, name) => {
        expect(per(left, name)).toMatch(
          /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
        );
        expect(per(left, name) === per(right, name)).toBe(left === right);
      }),
    );
  });
});

describe('marks', () => {
  const seconds = fc.integer({ min: 0, max: 4e9 }).map((time) => new Date(time * 1000));
  const marks: fc.Arbitrary<SecretMarks> = fc
    .record({
      instance: fc.constantFrom('transship', 'blue'),
      rule: fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,60}[a-z0-9])?$/),
      inputsHash: fc.stringMatching(/^[0-9a-f]{16}$/),
      prune: fc.boolean(),
      credentials: fc.array(
        fc.record(
          {
            registry: fc.domain(),
            hosts: fc.array(fc.domain(), { minLength: 1 }),
            inputsHash: fc.string(),
            expiresAt: seconds,
            refreshAt: seconds,
          },
          { requiredKeys: ['registry', 'hosts', 'inputsHash'] },
        ),
        { minLength: 1, maxLength: 4 },
      ),
    })
    .map((one) => ({ ...one, ...summaryOf(one.credentials) }));

  test('are read as they were written, under the names that are told', () => {
    fc.assert(
      fc.property(marks, (marks) => {
        const written = writeMarks(marks);
        expect(readMarks(written)).toEqual(marks);
        expect(isOurs(written, marks.instance, marks.rule)).toBe(true);
        expect(Object.keys(written.labels).toSorted()).toEqual(MARK_LABELS.toSorted());
        expect(MARK_ANNOTATIONS).toEqual(expect.arrayContaining(Object.keys(written.annotations)));
      }),
    );
  });

  test('say when, whose, and that GitOps leaves the Secret alone', () => {
    const credential = {
      registry: 'r.io',
      hosts: ['r.io'],
      inputsHash: 'x',
      expiresAt: new Date('2026-11-22T00:00:00.900Z'),
    };
    const base = { instance: 'transship', rule: 'pull', inputsHash: 'y', prune: false, credentials: [credential] };
    expect(writeMarks({ ...base, ...summaryOf(base.credentials) })).toEqual({
      labels: { 'transship.io/managed-by': 'transship', 'transship.io/binding': 'pull' },
      annotations: {
        'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
        'argocd.argoproj.io/sync-options': 'Prune=false',
        'transship.io/hosts': 'r.io',
        'transship.io/expires-at': '2026-11-22T00:00:00Z',
        'transship.io/inputs-hash': 'y',
        'transship.io/credentials':
          '[{"registry":"r.io","hosts":["r.io"],"inputsHash":"x","expiresAt":"2026-11-22T00:00:00Z"}]',
      },
    });
    expect(instanceSelector('transship')).toBe('transship.io/managed-by=transship');
  });

  test.each([
    '',
    '{',
    '7',
    '[7]',
    '[{"registry":"r.io"}]',
    '[{"registry":"r.io","hosts":[],"inputsHash":"x","refreshAt":"soon"}]',
  ])('that somebody damaged tell nothing: %s', (text) => {
    const labels = { 'transship.io/managed-by': 'transship', 'transship.io/binding': 'pull' };
    expect(readMarks({ labels, annotations: { 'transship.io/credentials': text } })).toMatchObject({
      rule: 'pull',
      credentials: [],
      hosts: [],
    });
  });

  test('are nobody else’s: both labels must say so, in full', () => {
    const labels = { 'transship.io/managed-by': 'transship', 'transship.io/binding': 'pull' };
    expect(isOurs({ labels }, 'transship', 'pul')).toBe(false);
    expect(isOurs({ labels }, 'trans', 'pull')).toBe(false);
    expect(isOurs({ labels: { 'transship.io/binding': 'pull' } }, 'transship', 'pull')).toBe(false);
    expect(readMarks({ labels: { 'transship.io/managed-by': 'transship' }, annotations: {} })).toBeUndefined();
  });

  test('have labels that Kubernetes takes, and each name its own', () => {
    const names = fc.oneof(
      fc.string({ minLength: 1, maxLength: 100 }),
      fc.constantFrom('a b', 'a-b', '-', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65)),
    );
    fc.assert(
      fc.property(names, names, (left, right) => {
        expect(labelValue(left)).toMatch(LABEL_VALUE);
        expect(labelValue(left) === labelValue(right)).toBe(left === right);
      }),
    );
  });
});

describe('renewal', () => {
  test('comes after half of the life, sooner where 30 minutes without a provider would not be survived', () => {
    expect(renewalWindow(12 * HOUR_MS)).toEqual({ from: 0.5, to: 0.6 });
    expect(renewalWindow(3 * HOUR_MS).from).toBe(0.5);
    expect(renewalWindow(3 * HOUR_MS).to).toBeCloseTo(0.561, 3);
    expect(renewalWindow(HOUR_MS).from).toBe(0.4);
    expect(renewalWindow(HOUR_MS).to).toBeCloseTo(0.4167, 4);
    expect(renewalWindow(15 * 60_000)).toEqual({ from: 0.5, to: 0.6 });
  });

  test('is spread over its window by the binding, and the same for the same one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60_000, max: 90 * 24 * HOUR_MS }), fc.string(), (lifeMs, binding) => {
        const { from, to } = renewalWindow(lifeMs);
        expect(from).toBeLessThanOrEqual(to);
        const after = renewAfterMs(lifeMs, binding);
        expect(after).toBe(renewAfterMs(lifeMs, binding));
        expect(after).toBeGreaterThanOrEqual(Math.floor(lifeMs * from));
        expect(after).toBeLessThanOrEqual(Math.ceil(lifeMs * to));
      }),
    );
    const spread = new Set(Array.from({ length: 100 }, (_, index) => renewAfterMs(12 * HOUR_MS, `cluster/${index}`)));
    expect(spread.size).toBe(100);
  });

  test('is counted on the clock that it is asked for, from spans alone', () => {
    const now = new Date('2026-11-21T12:00:00.700Z');
    const { expiresAt, refreshAt } = timesOf({ ageMs: HOUR_MS, lifeMs: 12 * HOUR_MS }, now, 'b');
    expect(expiresAt).toEqual(new Date('2026-11-21T23:00:00Z'));
    expect(refreshAt?.getTime()).toBe(
      Math.floor((now.getTime() - HOUR_MS + renewAfterMs(12 * HOUR_MS, 'b')) / 1000) * 1000,
    );
    expect(timesOf({ ageMs: 0 }, now, 'b')).toEqual({});
  });
});
