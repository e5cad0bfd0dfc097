// What holds for every plan, whatever the cluster, the rules and the providers are like.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CredentialRule } from '../../../shared/credentials/credential-rule.ts';
import type { DesiredCredentials, IssueOutcome } from '../../../shared/credentials/desired.ts';
import { membersOf } from '../../../shared/credentials/json-members.ts';
import { planCredentials } from '../../../shared/credentials/plan.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { AWAY, desiredOf, HOUR_MS, ruleOf } from '../../support/credential-rules.ts';
import { plannedCluster, type PlannedCluster } from '../../support/planned-cluster.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const REGISTRIES = ['a.io', 'b.io:5000', 'https://c.io/v1/'];
const SECRETS = ['pull', 'other', 'pull-a.io'];
const NAMESPACES = ['one', 'two'];

const rules: fc.Arbitrary<CredentialRule[]> = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('x', 'y', 'z'.repeat(90)),
    clusters: fc.constant(['prod']),
    namespaces: fc.constantFrom({ all: true as const, exclude: [] }, { names: ['one'], exclude: [] }),
    registries: fc.uniqueArray(fc.constantFrom(...REGISTRIES), { minLength: 1 }),
    secret: fc.record({
      name: fc.constantFrom('pull', 'other'),
      layout: fc.constantFrom('merged' as const, 'per-registry' as const),
    }),
    serviceAccounts: fc.constantFrom('all' as const, 'none' as const, { names: ['default'] }),
    verify: fc.constant(true),
    prune: fc.boolean(),
    adopt: fc.boolean(),
  }),
  { selector: ({ name }) => name, maxLength: 3 },
);

const outcomes: fc.Arbitrary<IssueOutcome | undefined> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(undefined, AWAY) },
  {
    weight: 4,
    arbitrary: fc
      .record({
        username: fc.constantFrom('u', '', '<token>'),
        password: fc.constantFrom('', 'property-1', 'property-2', 'property-\u0001'),
        ageMs: fc.constantFrom(0, HOUR_MS),
        lifeMs: fc.constantFrom(undefined, HOUR_MS, 12 * HOUR_MS),
      })
      .map(({ username, password, ageMs, lifeMs }): IssueOutcome => ({
        kind: 'issued',
        credential: { username, secret: new Secret(password), ageMs, ...(lifeMs === undefined ? {} : { lifeMs }) },
      })),
  },
);

const desired: fc.Arbitrary<DesiredCredentials> = fc
  .record({
    rules,
    registries: fc.dictionary(
      fc.constantFrom(...REGISTRIES),
      outcomes.map((outcome) => (outcome === undefined ? {} : { outcome })),
    ),
    isForced: fc.boolean(),
  })
  .map(({ rules, registries, isForced }) => ({ ...desiredOf(rules, registries), isForced }));

const foreign = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  name: fc.constantFrom(...SECRETS),
  config: fc.constantFrom(
    '{"auths":{"theirs.io":{ "auth": "dTpw" }}}',
    '{ "x" : 1, "auths": {"https://a.io": {"auth":"dTpw"}, "theirs.io":{}}}',
    'broken',
    '{"auths":{"theirs.io":{"auth":"%"}}}',
  ),
});

/** Times between the runs, and what is wanted in each. */
const history = fc.record({
  foreign: fc.array(foreign, { maxLength: 3 }),
  runs: fc.array(fc.record({ desired, afterMs: fc.constantFrom(0, HOUR_MS, 7 * HOUR_MS, 24 * HOUR_MS) }), {
    minLength: 1,
    maxLength: 5,
  }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

const ACCOUNTS = [{ name: 'default', imagePullSecrets: ['mine', 'mine'] }, { name: 'ci' }];

function clusterOf({ foreign }: History): PlannedCluster {
  const cluster = plannedCluster(
    'prod',
    NAMESPACES.map((name) => ({ name, serviceAccounts: ACCOUNTS })),
  );
  for (const { namespace, name, config } of foreign) cluster.put(namespace, name, { config });
  return cluster;
}

function replay(past: History, each: (cluster: PlannedCluster, desired: DesiredCredentials, now: Date) => void): void {
  const cluster = clusterOf(past);
  let now = NOW;
  for (const { desired, afterMs } of past.runs) {
    now = new Date(now.getTime() + afterMs);
    each(cluster, desired, now);
  }
}

const entriesOf = (config: string): Map<string, string> => {
  const auths = membersOf(config).find(({ name }) => name === 'auths')?.valueText ?? '{}';
  return new Map(membersOf(auths).map(({ name, valueText }) => [name, valueText]));
};

const PLACES = NAMESPACES.flatMap((namespace) => SECRETS.map((secret) => [namespace, secret] as const));

describe('every plan', () => {
  test('is empty for what it made, but for what it can only tell', () => {
    fc.assert(
      fc.property(history, (past) => {
        replay(past, (cluster, desired, now) => {
          cluster.apply(planCredentials(desired, cluster.observe(desired, now), now));
          const again = planCredentials(desired, cluster.observe(desired, now), now);
          const told = again.filter(({ kind }) => ['conflict', 'degraded', 'left-behind'].includes(kind));
          expect(again).toEqual(told);
        });
      }),
      { numRuns: 200 },
    );
  });

  test('does not depend on the order of what it is given', () => {
    fc.assert(
      fc.property(history, (past) => {
        replay(past, (cluster, desired, now) => {
          const observed = cluster.observe(desired, now);
          const plan = planCredentials(desired, observed, now);
          const shuffled = {
            ...observed,
            namespaces: observed.namespaces.toReversed().map((namespace) => ({
              ...namespace,
              secrets: new Map([...namespace.secrets].toReversed()),
              serviceAccounts: namespace.serviceAccounts.toReversed(),
            })),
          };
          const turned = desired.rules.map((rule) => ({ ...rule, registries: rule.registries.toReversed() }));
          const other = planCredentials({ ...desired, rules: turned }, shuffled, now);
          const shown = (changes: typeof plan): string[] =>
            changes.map((change) => JSON.stringify({ ...change, content: shownContent(change) })).toSorted();
          // of one ServiceAccount's new references, those of one rule come in the order of its registries
          const isMerged = desired.rules.every(({ secret }) => secret.layout === 'merged');
          expect(isMerged ? shown(other) : []).toEqual(isMerged ? shown(plan) : []);
          expect(other).toHaveLength(plan.length);
          cluster.apply(plan);
        });
      }),
      { numRuns: 100 },
    );
  });

  test('keeps the entries of others byte for byte, and leaves what is not to be taken over as it is', () => {
    fc.assert(
      fc.property(history, (past) => {
        replay(past, (cluster, desired, now) => {
          const before = new Map(
            PLACES.map(([namespace, name]) => [`${namespace}/${name}`, cluster.secret(namespace, name)]),
          );
          cluster.apply(planCredentials(desired, cluster.observe(desired, now), now));
          for (const [namespace, name] of PLACES) {
            const [old, fresh] = [before.get(`${namespace}/${name}`), cluster.secret(namespace, name)];
            const text = old?.content?.dockerConfig?.reveal() ?? '';
            const isMarked = old?.labels['transship.io/managed-by'] !== undefined;
            if (!text.includes('theirs.io')) continue;
            expect(fresh?.uid).toBe(old?.uid);
            const config = fresh?.content?.dockerConfig?.reveal() ?? '';
            expect(entriesOf(config).get('theirs.io')).toBe(entriesOf(text).get('theirs.io'));
            expect(isMarked || desired.rules.some(({ adopt }) => adopt) || config === text).toBe(true);
          }
          for (const namespace of NAMESPACES) {
            expect(cluster.references(namespace).filter((one) => one === 'mine')).toEqual(['mine', 'mine']);
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  test('leaves no Secret worse than it was: without a credential that still works, or with one that ends sooner', () => {
    fc.assert(
      fc.property(history, (past) => {
        const ends = new Map<string, number>();
        replay(past, (cluster, desired, now) => {
          const calm = {
            ...desired,
            isForced: false,
            rules: [ruleOf({ registries: [...REGISTRIES], secret: { name: 'calm', layout: 'merged' } })],
          };
          cluster.apply(planCredentials(calm, cluster.observe(calm, now), now));
          for (const namespace of NAMESPACES) {
            const stored = cluster.secret(namespace, 'calm')?.annotations['transship.io/credentials'] ?? '[]';
            const marks: { registry: string; expiresAt?: string }[] = JSON.parse(stored);
            for (const registry of REGISTRIES) {
              const mark = marks.find((one) => one.registry === registry);
              const key = `${namespace} ${registry}`;
              const old = ends.get(key);
              const isAlive = old !== undefined && old > now.getTime();
              expect(isAlive && mark === undefined).toBe(false);
              if (mark === undefined) continue;
              const end = mark.expiresAt === undefined ? Infinity : Date.parse(mark.expiresAt);
              expect(isAlive && old !== Infinity && end < old - 60_000).toBe(false);
              const entry = entriesOf(cluster.config(namespace, 'calm') ?? '{}').get(registry) ?? '';
              expect(entry).toMatch(/"password":"property-[12]"/);
              ends.set(key, end);
            }
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  test('shows no credential', () => {
    fc.assert(
      fc.property(history, (past) => {
        replay(past, (cluster, desired, now) => {
          const plan = planCredentials(desired, cluster.observe(desired, now), now);
          expect(JSON.stringify(plan)).not.toContain('property-');
          cluster.apply(plan);
        });
      }),
      { numRuns: 50 },
    );
  });
});

function shownContent(change: object): string | undefined {
  return 'content' in change && change.content instanceof Secret ? change.content.reveal() : undefined;
}
