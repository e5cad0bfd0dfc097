// What is planned for a cluster: the least that makes its Namespaces hold what rules want, and nothing that makes them worse.
import { describe, expect, test } from 'vitest';
import type { CredentialChange } from '../../../shared/credentials/credential-change.ts';
import type { DesiredCredentials } from '../../../shared/credentials/desired.ts';
import { buildDockerConfig, credentialFor } from '../../../shared/credentials/docker-config.ts';
import { neededCredentials } from '../../../shared/credentials/needed-credentials.ts';
import { planCredentials } from '../../../shared/credentials/plan.ts';
import { readMarks } from '../../../shared/credentials/secret-marks.ts';
import { AWAY, desiredOf, HOUR_MS, issuedNow, ruleOf } from '../../support/credential-rules.ts';
import { plannedCluster, type PlannedCluster } from '../../support/planned-cluster.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const after = (ms: number): Date => new Date(NOW.getTime() + ms);
const LIFE = 12 * HOUR_MS;

function run(cluster: PlannedCluster, desired: DesiredCredentials, now = NOW): CredentialChange[] {
  const changes = planCredentials(desired, cluster.observe(desired, now), now);
  cluster.apply(changes);
  return changes;
}

const kinds = (changes: readonly CredentialChange[]): string[] => changes.map(({ kind }) => kind);
const one = (): PlannedCluster => plannedCluster('prod', [{ name: 'a' }]);
const pulls = (cluster: PlannedCluster, image = 'r.io/app', secret = 'registry-pull'): string | undefined =>
  credentialFor(Buffer.from(cluster.config('a', secret) ?? '{}'), image)?.password;

describe('a new Namespace', () => {
  test('gets the reference first, then the Secret, in the bytes of kubectl', () => {
    const cluster = one();
    const outcome = issuedNow({ lifeMs: LIFE, password: 'planned-<w>&1' });
    expect(kinds(run(cluster, desiredOf([ruleOf()], { 'r.io': { outcome } })))).toEqual([
      'attach-reference',
      'create-secret',
    ]);
    const built = buildDockerConfig([{ host: 'r.io', username: 'planned-user', password: 'planned-<w>&1' }]);
    expect(cluster.config('a', 'registry-pull')).toBe(Buffer.from(built).toString());
    expect(cluster.references('a')).toEqual(['registry-pull']);
  });

  test('is whole after that: nothing is issued, read or written for it any more', () => {
    const cluster = one();
    run(cluster, desiredOf([ruleOf()], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } }));
    const desired = desiredOf([ruleOf()], { 'r.io': {} });
    expect(neededCredentials(desired, cluster.whole, NOW)).toEqual({ registries: [], contents: [] });
    expect(run(cluster, desired)).toEqual([]);
  });

  test('gets the reference even while the provider is away, so that its Pods heal when it is back', () => {
    const cluster = one();
    const changes = run(cluster, desiredOf([ruleOf()], { 'r.io': { outcome: AWAY } }));
    expect(kinds(changes)).toEqual(['attach-reference', 'degraded']);
    expect(changes[1]).toMatchObject({
      registry: 'r.io',
      message: 'r.io: the provider does not answer; nothing is in place for it',
    });
    expect(cluster.secret('a', 'registry-pull')).toBeUndefined();
  });

  test('gets what there is when one of two providers is away, and the rest later, in place', () => {
    const cluster = one();
    const rule = ruleOf({ registries: ['b.io', 'r.io'] });
    run(cluster, desiredOf([rule], { 'b.io': { outcome: AWAY }, 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } }));
    const { uid } = cluster.secret('a', 'registry-pull') ?? {};
    const later = desiredOf([rule], { 'b.io': { outcome: issuedNow() }, 'r.io': {} });
    expect(neededCredentials(later, cluster.whole, NOW).registries).toEqual(['b.io']);
    expect(run(cluster, later)).toMatchObject([{ kind: 'update-secret', uid, difference: ['+ b.io'] }]);
    expect(pulls(cluster, 'b.io/x')).toBeDefined();
    expect(pulls(cluster)).toBeDefined();
  });

  test('is left alone while it is being deleted, or not selected, or in another cluster', () => {
    const desired = desiredOf([ruleOf({ namespaces: { names: ['a'], exclude: [] } })], {
      'r.io': { outcome: issuedNow() },
    });
    const cluster = plannedCluster('prod', [{ name: 'a', isTerminating: true }, { name: 'b' }]);
    expect(run(cluster, desired)).toEqual([]);
    expect(neededCredentials(desired, cluster.whole, NOW)).toEqual({ registries: [], contents: [] });
    expect(run(plannedCluster('other', [{ name: 'a' }]), desired)).toEqual([]);
  });

  test.each([
    ['none', []],
    ['all', ['ci', 'default']],
    [{ names: ['ci', 'missing'] }, ['ci']],
    [{ selector: { matchLabels: { pull: 'yes' } } }, ['ci']],
    [{ selector: {} }, []],
  ] as const)('gets references for ServiceAccounts %j', (serviceAccounts, expected) => {
    const cluster = plannedCluster('prod', [
      { name: 'a', serviceAccounts: [{ name: 'default' }, { name: 'ci', labels: { pull: 'yes' } }] },
    ]);
    const changes = run(cluster, desiredOf([ruleOf({ serviceAccounts })], { 'r.io': { outcome: issuedNow() } }));
    const attached = changes.filter(({ kind }) => kind === 'attach-reference');
    expect(attached).toMatchObject(expected.map((serviceAccount) => ({ serviceAccount })));
  });

  test('keeps the references of others, in their order', () => {
    const cluster = plannedCluster('prod', [
      { name: 'a', serviceAccounts: [{ name: 'default', imagePullSecrets: ['default-dockercfg-x', 'theirs'] }] },
    ]);
    run(cluster, desiredOf([ruleOf()], { 'r.io': { outcome: issuedNow() } }));
    expect(cluster.references('a')).toEqual(['default-dockercfg-x', 'theirs', 'registry-pull']);
  });

  test('gets one Secret for each registry with one change of the ServiceAccount', () => {
    const rule = ruleOf({ registries: ['b.io:5000', 'r.io'], secret: { name: 'pull', layout: 'per-registry' } });
    const cluster = one();
    const changes = run(
      cluster,
      desiredOf([rule], { 'b.io:5000': { outcome: issuedNow() }, 'r.io': { outcome: issuedNow() } }),
    );
    expect(kinds(changes)).toEqual(['attach-reference', 'create-secret', 'create-secret']);
    expect(cluster.references('a')).toEqual([expect.stringMatching(/^pull-b\.io-5000-[0-9a-f]{8}$/), 'pull-r.io']);
    expect(pulls(cluster, 'r.io/x', 'pull-r.io')).toBeDefined();
    expect(pulls(cluster, 'b.io:5000/x', 'pull-r.io')).toBeUndefined();
  });
});

describe('a Secret that is ours', () => {
  const seeded = (
    registries: Parameters<typeof desiredOf>[1] = { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } },
    rule = ruleOf({ registries: Object.keys(registries) }),
  ) => {
    const cluster = one();
    run(cluster, desiredOf([rule], registries));
    return cluster;
  };
  const due = after(0.61 * LIFE);

  test('is renewed in place once it is due', () => {
    const cluster = seeded();
    const before = cluster.secret('a', 'registry-pull');
    const desired = desiredOf([ruleOf()], {
      'r.io': { outcome: issuedNow({ lifeMs: LIFE, password: 'planned-new' }) },
    });
    expect(neededCredentials(desired, cluster.whole, due)).toEqual({
      registries: ['r.io'],
      contents: [{ namespace: 'a', secret: 'registry-pull' }],
    });
    expect(run(cluster, desired, due)).toMatchObject([
      { kind: 'update-secret', uid: before?.uid, difference: ['~ r.io'] },
    ]);
    expect(pulls(cluster)).toBe('planned-new');
    expect(run(cluster, desired, due)).toEqual([]);
  });

  test.each([
    ['fails', AWAY, /does not answer/],
    ['issues an empty one', issuedNow({ password: ' \n', lifeMs: LIFE }), /is empty/],
    ['issues one without a user', issuedNow({ username: '', lifeMs: LIFE }), /empty user name/],
    [
      'issues one with a control character',
      issuedNow({ password: 'planned-\u0007', lifeMs: LIFE }),
      /control character/,
    ],
    ['issues one that is over', issuedNow({ ageMs: LIFE, lifeMs: LIFE }), /over already/],
    ['issues one that ends sooner', issuedNow({ lifeMs: HOUR_MS }), /ends sooner than what is in place/],
  ])('stays as it is when the provider %s', (_, outcome, message) => {
    const cluster = seeded();
    const before = cluster.config('a', 'registry-pull');
    const changes = run(cluster, desiredOf([ruleOf()], { 'r.io': { outcome } }), due);
    expect(changes).toMatchObject([{ kind: 'degraded', registry: 'r.io', message: expect.stringMatching(message) }]);
    expect(changes).toMatchObject([{ message: expect.stringContaining('stays, and ends at 2026-11-22T00:00Z') }]);
    expect(cluster.config('a', 'registry-pull')).toBe(before);
    expect(JSON.stringify(changes)).not.toContain('planned-');
  });

  test('needs not be read to find that nothing can be written', () => {
    const cluster = seeded();
    const desired = desiredOf([ruleOf()], { 'r.io': { outcome: AWAY } });
    const unread = { ...cluster.observe(desiredOf([ruleOf()], { 'r.io': {} }), NOW) };
    expect(kinds(planCredentials(desired, unread, due))).toEqual(['degraded']);
  });

  test('takes a shorter one once what it holds ends sooner still, or is asked for', () => {
    const cluster = seeded();
    const short = desiredOf([ruleOf()], { 'r.io': { outcome: issuedNow({ lifeMs: HOUR_MS }) } });
    expect(kinds(run(cluster, short, after(LIFE - 2 * HOUR_MS)))).toEqual(['degraded']);
    expect(kinds(run(cluster, { ...short, isForced: true }, after(LIFE - 2 * HOUR_MS)))).toEqual(['update-secret']);
    const other = seeded();
    expect(kinds(run(other, short, after(LIFE - HOUR_MS / 2)))).toEqual(['update-secret']);
  });

  test('keeps the registry that fails while the others are renewed, until an hour after its end', () => {
    const [a, b] = [issuedNow({ lifeMs: LIFE }), issuedNow({ lifeMs: LIFE })];
    const rule = ruleOf({ registries: ['b.io', 'r.io'] });
    const cluster = seeded({ 'b.io': { outcome: b }, 'r.io': { outcome: a } }, rule);
    const old = pulls(cluster, 'b.io/x');
    const renew = (now: Date) =>
      run(
        cluster,
        desiredOf([rule], { 'b.io': { outcome: AWAY }, 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } }),
        now,
      );
    expect(kinds(renew(due))).toEqual(['degraded', 'update-secret']);
    expect(pulls(cluster, 'b.io/x')).toBe(old);
    expect(kinds(renew(after(LIFE + HOUR_MS - 1000)))).toEqual(['degraded']);
    expect(pulls(cluster, 'b.io/x')).toBe(old);
    expect(kinds(renew(after(LIFE + HOUR_MS)))).toEqual(['degraded', 'update-secret']);
    expect(pulls(cluster, 'b.io/x')).toBeUndefined();
    expect(pulls(cluster)).toBeDefined();
  });

  test('is never emptied, however long its only provider is away', () => {
    const cluster = seeded();
    const before = cluster.config('a', 'registry-pull');
    const desired = desiredOf([ruleOf()], { 'r.io': { outcome: AWAY } });
    expect(kinds(run(cluster, desired, after(100 * LIFE)))).toEqual(['degraded']);
    expect(cluster.config('a', 'registry-pull')).toBe(before);
  });

  test('is not written when the provider gives the same again', () => {
    const password = 'planned-same';
    const cluster = seeded({ 'r.io': { outcome: issuedNow({ lifeMs: LIFE, password }) } });
    const again = issuedNow({ lifeMs: LIFE, password, ageMs: due.getTime() - NOW.getTime() + 900 });
    expect(run(cluster, desiredOf([ruleOf()], { 'r.io': { outcome: again } }), due)).toEqual([]);
  });

  test('is not due by time when it does not end, but compared when that is asked for', () => {
    const password = 'planned-static';
    const cluster = seeded({ 'r.io': { outcome: issuedNow({ password }) } });
    expect(
      neededCredentials(desiredOf([ruleOf()], { 'r.io': {} }), cluster.whole, after(900 * LIFE)).registries,
    ).toEqual([]);
    const compare = (outcome: ReturnType<typeof issuedNow>) =>
      run(cluster, desiredOf([ruleOf()], { 'r.io': { mustCompare: true, outcome } }));
    expect(compare(issuedNow({ password }))).toEqual([]);
    expect(kinds(compare(issuedNow({ password: 'planned-changed' })))).toEqual(['update-secret']);
  });

  test('follows the configuration: an issuer that changed, a registry that came or went', () => {
    const cluster = seeded();
    const changed = { 'r.io': { id: 'another', outcome: issuedNow({ lifeMs: HOUR_MS }) } };
    expect(kinds(run(cluster, desiredOf([ruleOf()], changed)))).toEqual(['update-secret']);
    const both = ruleOf({ registries: ['r.io', 'b.io'] });
    const add = desiredOf([both], { 'r.io': { id: 'another' }, 'b.io': { outcome: issuedNow() } });
    expect(neededCredentials(add, cluster.whole, NOW).registries).toEqual(['b.io']);
    expect(run(cluster, add)).toMatchObject([{ kind: 'update-secret', difference: ['+ b.io'] }]);
    const without = desiredOf([ruleOf({ registries: ['b.io'] })], { 'b.io': {} });
    expect(neededCredentials(without, cluster.whole, NOW).registries).toEqual([]);
    expect(run(cluster, without)).toMatchObject([{ kind: 'update-secret', difference: ['- r.io'] }]);
    expect(run(cluster, without)).toEqual([]);
  });

  test('keeps what others put into it, byte for byte', () => {
    const cluster = seeded();
    const theirs = '{ "auth" : "dTpw",\t"x":[1, {"}":"\\u003c"}] }';
    const own = cluster.config('a', 'registry-pull')?.slice('{"auths":{'.length, -2);
    cluster.put('a', 'registry-pull', { config: `{"credHelpers": {}, "auths":{ "z\\u002eio" : ${theirs} , ${own}} }` });
    run(cluster, desiredOf([ruleOf()], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } }), due);
    const text = cluster.config('a', 'registry-pull');
    expect(text).toContain(`"z\\u002eio":${theirs}}`);
    expect(text).toMatch(/,"credHelpers":\{\}\}$/);
    expect(pulls(cluster, 'z.io/x')).toBe('p');
  });

  test('is made anew after somebody deleted it, from what is seen then', () => {
    const cluster = seeded();
    const observed = cluster.observe(desiredOf([ruleOf()], { 'r.io': {} }), due);
    cluster.remove('a', 'registry-pull');
    const desired = desiredOf([ruleOf()], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } });
    const late = planCredentials(desired, observed, due).filter(({ kind }) => kind === 'update-secret');
    expect(late).toHaveLength(1);
    expect(() => cluster.apply(late)).toThrow(/not what was planned for/);
    expect(kinds(run(cluster, desired, due))).toEqual(['create-secret']);
  });

  test.each([
    ['wrong-type', { type: 'kubernetes.io/dockercfg', isImmutable: false }],
    ['immutable', { type: 'kubernetes.io/dockerconfigjson', isImmutable: true }],
  ])('that became %s is told and not touched', (reason, content) => {
    const cluster = seeded();
    cluster.put('a', 'registry-pull', { content });
    const changes = run(cluster, desiredOf([ruleOf()], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } }), due);
    expect(changes).toMatchObject([{ kind: 'conflict', reason, object: 'registry-pull' }]);
  });

  test.each([
    '{',
    '{"auths":{"x.io":{"auth":"%"}}}',
    '{"auths":{},"Auths":{}}',
    '{"auths":{"x.io":{"username":"\uFFFD"}}}',
  ])('that holds %s is told as unparsable and not touched', (config) => {
    const cluster = seeded();
    cluster.put('a', 'registry-pull', { config });
    const changes = run(cluster, desiredOf([ruleOf()], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } }), due);
    expect(changes).toMatchObject([{ kind: 'conflict', reason: 'unparsable' }]);
    expect(JSON.stringify(changes)).not.toContain('x.io');
  });

  test('is told as unread where it has to change and nobody could read it', () => {
    const cluster = seeded();
    const unread = cluster.observe(desiredOf([ruleOf()], { 'r.io': {} }), NOW);
    const desired = desiredOf([ruleOf()], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } });
    expect(planCredentials(desired, unread, due)).toMatchObject([{ kind: 'conflict', reason: 'unread' }]);
  });

  test('is never made larger than Kubernetes allows', () => {
    const hosts = Array.from({ length: 200 }, (_, index) => `${index}.r.io`);
    const outcome = issuedNow({ lifeMs: LIFE, password: `planned-${'x'.repeat(3000)}` });
    const changes = run(one(), desiredOf([ruleOf()], { 'r.io': { hosts, outcome } }));
    expect(changes).toMatchObject([
      { kind: 'conflict', reason: 'too-large', hint: expect.stringContaining('layout: per-registry') },
    ]);
  });

  test('whose marks somebody damaged is written anew', () => {
    const cluster = seeded();
    const { annotations = {} } = cluster.secret('a', 'registry-pull') ?? {};
    cluster.put('a', 'registry-pull', { annotations: { ...annotations, 'transship.io/credentials': '[{' } });
    const desired = desiredOf([ruleOf()], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } });
    expect(kinds(run(cluster, desired))).toEqual(['update-secret']);
    expect(run(cluster, desired)).toEqual([]);
  });

  test('whose entry somebody removed gets it back', () => {
    const rule = ruleOf({ registries: ['b.io', 'r.io'] });
    const cluster = seeded(
      { 'b.io': { outcome: issuedNow({ lifeMs: LIFE }) }, 'r.io': { outcome: issuedNow({ lifeMs: HOUR_MS }) } },
      rule,
    );
    cluster.put('a', 'registry-pull', { config: '{"auths":{}}' });
    const now = after(HOUR_MS);
    const desired = (b = {}) => desiredOf([rule], { 'b.io': b, 'r.io': { outcome: issuedNow({ lifeMs: HOUR_MS }) } });
    expect(run(cluster, desired(), now)).toMatchObject([{ kind: 'update-secret', difference: ['+ r.io'] }]);
    expect(neededCredentials(desired(), cluster.whole, now).registries).toEqual(['b.io']);
    expect(run(cluster, desired({ outcome: issuedNow({ lifeMs: LIFE }) }), now)).toMatchObject([
      { kind: 'update-secret', difference: ['+ b.io'] },
    ]);
  });

  test('tells what issues nothing because nothing is configured', () => {
    const changes = run(one(), desiredOf([ruleOf()], {}));
    expect(changes).toMatchObject([
      { kind: 'attach-reference' },
      { kind: 'degraded', hint: expect.stringContaining('r.io') },
    ]);
  });
});

describe('a Secret of others', () => {
  const desired = (rule = ruleOf()) => desiredOf([rule], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } });
  const THEIRS = '{"auths":{"z.io":{"auth":"dTpw"}}}';

  test('is told and neither written nor referred to', () => {
    const cluster = one();
    cluster.put('a', 'registry-pull', { config: THEIRS });
    const changes = run(cluster, desired());
    expect(changes).toMatchObject([
      { kind: 'conflict', reason: 'foreign', hint: expect.stringContaining('adopt: true') },
    ]);
    expect(neededCredentials(desired(), cluster.whole, NOW)).toEqual({ registries: [], contents: [] });
  });

  test('is taken over with adopt, its other hosts kept', () => {
    const cluster = one();
    cluster.put('a', 'registry-pull', { config: THEIRS, labels: { app: 'x' }, annotations: { note: 'y' } });
    const rule = ruleOf({ adopt: true });
    expect(kinds(run(cluster, desired(rule)))).toEqual(['attach-reference', 'update-secret']);
    expect(pulls(cluster, 'z.io/x')).toBe('p');
    expect(pulls(cluster)).toBeDefined();
    expect(cluster.secret('a', 'registry-pull')).toMatchObject({ labels: { app: 'x' }, annotations: { note: 'y' } });
    expect(run(cluster, desiredOf([rule], { 'r.io': {} }))).toEqual([]);
  });

  test('gives up its own entry for a host with adopt, in whatever spelling', () => {
    const cluster = one();
    cluster.put('a', 'registry-pull', { config: '{"auths":{"https://r.io/v2/":{"auth":"dTpw"}}}' });
    run(cluster, desired(ruleOf({ adopt: true })));
    expect(pulls(cluster)).toMatch(/^planned-/);
    expect(cluster.config('a', 'registry-pull')).not.toContain('https://');
  });

  test('keeps its own entry with adopt while the provider is away', () => {
    const cluster = one();
    cluster.put('a', 'registry-pull', { config: '{"auths":{"r.io":{"auth":"dTpw"}}}' });
    const changes = run(cluster, desiredOf([ruleOf({ adopt: true })], { 'r.io': { outcome: AWAY } }));
    expect(kinds(changes)).toEqual(['attach-reference', 'degraded']);
    expect(pulls(cluster)).toBe('p');
  });

  test('is never taken from another instance', () => {
    const cluster = one();
    const other = { ...desired(), instance: 'blue' };
    run(cluster, other);
    expect(run(cluster, desired(ruleOf({ adopt: true })))).toMatchObject([
      { kind: 'conflict', reason: 'foreign', message: expect.stringContaining('another Transship, "blue"') },
    ]);
    expect(run(cluster, { ...other, registries: new Map([['r.io', { id: 'issuer-r.io', hosts: ['r.io'] }]]) })).toEqual(
      [],
    );
  });

  test('with an entry for a host that comes into ours is a conflict until adopt allows it', () => {
    const cluster = one();
    run(cluster, desired());
    const own = cluster.config('a', 'registry-pull')?.slice(0, -2);
    cluster.put('a', 'registry-pull', { config: `${own},"https://b.io":{"auth":"dTpw"}}}` });
    const both = (adopt: boolean) =>
      desiredOf([ruleOf({ registries: ['b.io', 'r.io'], adopt })], { 'r.io': {}, 'b.io': { outcome: issuedNow() } });
    expect(run(cluster, both(false))[0]).toMatchObject({
      kind: 'conflict',
      reason: 'host-taken',
      message: expect.stringContaining('https://b.io'),
    });
    expect(kinds(run(cluster, both(false)))).toEqual(['conflict']);
    expect(kinds(run(cluster, both(true)))).toEqual(['update-secret']);
  });

  test.each([
    ['a host that comes into ours', 'b.io'],
    ['a host that is ours, in another spelling', 'https://r.io'],
  ])('with an entry for %s keeps no good credential of ours from being renewed', (_, key) => {
    const cluster = one();
    run(cluster, desired());
    const own = cluster.config('a', 'registry-pull')?.slice(0, -2);
    cluster.put('a', 'registry-pull', { config: `${own},"${key}":{"auth":"dTpw"}}}` });
    const registries = key === 'b.io' ? ['b.io', 'r.io'] : ['r.io'];
    const issued = { 'r.io': { outcome: issuedNow() }, 'b.io': { outcome: issuedNow() } };
    const wanted = { ...desiredOf([ruleOf({ registries })], issued), isForced: true };
    const changes = run(cluster, wanted);
    expect(kinds(changes).toSorted()).toEqual(['conflict', 'update-secret']);
    expect(changes).toContainEqual(
      expect.objectContaining({ kind: 'update-secret', difference: expect.arrayContaining(['~ r.io']) }),
    );
    expect(cluster.config('a', 'registry-pull')).toContain(`"${key}":{"auth":"dTpw"}`);
  });

  test('of another rule goes to the one that has it, else to the first', () => {
    const cluster = one();
    const [first, second] = [ruleOf({ name: 'first' }), ruleOf({ name: 'second' })];
    const outcome = issuedNow({ lifeMs: LIFE });
    const both = (rules = [first, second]) => desiredOf(rules, { 'r.io': { outcome } });
    const rivalry = {
      kind: 'conflict',
      reason: 'foreign',
      rule: 'second',
      message: expect.stringContaining('"first"'),
    };
    expect(run(cluster, both())).toMatchObject([{ kind: 'attach-reference' }, { kind: 'create-secret' }, rivalry]);
    expect(run(cluster, both([second, first]))).toMatchObject([rivalry]);
  });
});

describe('what no rule wants any more', () => {
  const seeded = (prune: boolean, accounts?: readonly { name: string; imagePullSecrets?: readonly string[] }[]) => {
    const cluster = plannedCluster('prod', [
      { name: 'a', ...(accounts === undefined ? {} : { serviceAccounts: accounts }) },
    ]);
    run(
      cluster,
      desiredOf([ruleOf({ prune, serviceAccounts: 'all' })], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } }),
    );
    return cluster;
  };

  test('stays and is told without prune', () => {
    const cluster = seeded(false);
    const expected = { kind: 'left-behind', secret: 'registry-pull', rule: 'pull' };
    expect(run(cluster, desiredOf([], {}))).toMatchObject([expected]);
    const elsewhere = ruleOf({ namespaces: { names: ['b'], exclude: [] } });
    expect(run(cluster, desiredOf([elsewhere], {}))).toMatchObject([expected]);
  });

  test.each([
    ['the rule is gone', []],
    ['it selects other Namespaces', [ruleOf({ prune: true, namespaces: { all: true, exclude: ['a'] } })]],
    ['it is for other clusters', [ruleOf({ prune: true, clusters: ['test'] })]],
  ])('goes with prune when %s: the references first, others kept', (_, rules) => {
    const cluster = seeded(true, [
      { name: 'default', imagePullSecrets: ['x'] },
      { name: 'ci', imagePullSecrets: ['registry-pull', 'y'] },
    ]);
    const desired = desiredOf(rules, {});
    expect(kinds(run(cluster, desired))).toEqual(['detach-reference', 'detach-reference', 'delete-secret']);
    expect(cluster.references('a')).toEqual(['x']);
    expect(cluster.references('a', 'ci')).toEqual(['y']);
    expect(run(cluster, desired)).toEqual([]);
  });

  test('is released where others have hosts in it, with these byte for byte', () => {
    const cluster = seeded(true);
    const own = cluster.config('a', 'registry-pull')?.slice(0, -2);
    cluster.put('a', 'registry-pull', { config: `${own},"z.io":{ "auth": "dTpw" }}}` });
    expect(run(cluster, desiredOf([], {}))).toMatchObject([{ kind: 'release-secret', difference: ['- r.io'] }]);
    expect(cluster.config('a', 'registry-pull')).toBe('{"auths":{"z.io":{ "auth": "dTpw" }}}');
    expect(readMarks(cluster.secret('a', 'registry-pull') ?? { labels: {}, annotations: {} })).toBeUndefined();
    expect(cluster.references('a')).toEqual(['registry-pull']);
    expect(run(cluster, desiredOf([], {}))).toEqual([]);
  });

  test('is not deleted unread', () => {
    const cluster = seeded(true);
    const unread = cluster.observe(desiredOf([ruleOf({ prune: true })], { 'r.io': {} }), NOW);
    expect(planCredentials(desiredOf([], {}), unread, NOW)).toMatchObject([{ kind: 'conflict', reason: 'unread' }]);
  });

  test('is handed over in place to a rule of another name that wants it', () => {
    const cluster = seeded(true);
    const { uid } = cluster.secret('a', 'registry-pull') ?? {};
    const renamed = desiredOf([ruleOf({ name: 'renamed' })], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } });
    expect(run(cluster, renamed)).toMatchObject([{ kind: 'update-secret', uid, rule: 'renamed' }]);
    const kept = seeded(false);
    expect(run(kept, renamed)).toMatchObject([
      { kind: 'conflict', reason: 'foreign', hint: expect.stringContaining('adopt') },
    ]);
  });

  test('goes from ServiceAccounts that the rule does not select, but not where it attaches none', () => {
    const accounts = [{ name: 'default' }, { name: 'ci' }];
    const plan = (serviceAccounts: 'none' | { names: string[] }, prune: boolean) => {
      const cluster = seeded(prune, accounts);
      return run(cluster, desiredOf([ruleOf({ prune, serviceAccounts })], { 'r.io': {} }));
    };
    expect(plan({ names: ['default', 'ci'] }, true)).toEqual([]);
    expect(plan({ names: ['ci'] }, true)).toMatchObject([{ kind: 'detach-reference', serviceAccount: 'default' }]);
    expect(plan({ names: ['ci'] }, false)).toEqual([]);
    expect(plan('none', true)).toEqual([]);
  });

  test('of a name that changed goes after the new one is there', () => {
    const cluster = seeded(true);
    const moved = ruleOf({ prune: true, serviceAccounts: 'all', secret: { name: 'moved', layout: 'merged' } });
    const changes = run(cluster, desiredOf([moved], { 'r.io': { outcome: issuedNow({ lifeMs: LIFE }) } }));
    expect(kinds(changes)).toEqual(['attach-reference', 'create-secret', 'detach-reference', 'delete-secret']);
    expect(cluster.references('a')).toEqual(['moved']);
  });
});
