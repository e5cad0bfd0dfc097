// What holds for every plan, whatever grants there are, whoever else has entries there, and whatever happened before.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import { canonicalText } from '../../../shared/grants/canonical.ts';
import { isRead } from '../../../shared/grants/entry.ts';
import { emptyGrants, foldLines } from '../../../shared/grants/fold-journal.ts';
import type { GrantChange } from '../../../shared/grants/grant-change.ts';
import type { Grantee, PullGrant } from '../../../shared/grants/grant.ts';
import { planGrants } from '../../../shared/grants/plan.ts';
import { entryKey, isWriting, planHash } from '../../../shared/grants/plan-hash.ts';
import { pullGrant } from '../../support/grants/pull-grant.ts';
import { type Foreign, SimulatedWorld, type WorldOptions } from '../../support/grants/simulated-world.ts';

const START = Date.parse('2026-11-21T12:00:00Z');
const HOUR_MS = 3_600_000;
const PLACES = ['team-a', 'team-ab', 'team-a/app'];
const NAMES = ['ann', 'bob', 'kim'];

const grantees: fc.Arbitrary<Grantee> = fc.oneof(
  fc.constantFrom(...NAMES).map((name): Grantee => ({ kind: 'User', name })),
  fc
    .record({ cluster: fc.constantFrom('prod', 'stage', 'edge'), namespace: fc.constantFrom(...NAMES) })
    .map((place): Grantee => ({ kind: 'NamespaceServiceAccounts', ...place })),
);

const parts: fc.Arbitrary<PullGrant['what'][number]> = fc
  .record({
    registry: fc.constantFrom('marked.io', 'unmarked.io', 'inside.svc', 'bare.io'),
    name: fc.constantFrom(...PLACES),
  })
  .map(({ registry, name }) => ({ registry, what: { kind: 'repository', pattern: name }, actions: ['pull'] }));

const moment = fc.constantFrom(-2, -1, 1, 2, 50).map((hours) => new Date(START + hours * HOUR_MS));

const grant: fc.Arbitrary<PullGrant> = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    grantees: fc.uniqueArray(grantees, { minLength: 1, maxLength: 3, selector: (one) => JSON.stringify(one) }),
    what: fc.uniqueArray(parts, { minLength: 1, maxLength: 3, selector: (one) => JSON.stringify(one) }),
    mode: fc.constantFrom('enforce' as const, 'enforce' as const, 'observe' as const),
    onExpiry: fc.constantFrom('revoke' as const, 'warn' as const),
    adopt: fc.boolean(),
    notBefore: fc.option(moment, { nil: undefined }),
    expiresAt: fc.option(moment, { nil: undefined }),
  })
  .map(({ notBefore, expiresAt, ...own }) =>
    pullGrant({ ...own, ...(notBefore !== undefined && { notBefore }), ...(expiresAt !== undefined && { expiresAt }) }),
  );

const grants = fc.uniqueArray(grant, { selector: ({ id }) => id, maxLength: 4 });

const foreign: fc.Arbitrary<Foreign[]> = fc
  .uniqueArray(
    fc.record({
      target: fc.record({
        backend: fc.constant('quay' as const),
        host: fc.constant('unmarked.io'),
        place: fc.constantFrom(...PLACES),
      }),
      key: fc.constantFrom(...NAMES),
      role: fc.constantFrom('read', 'admin'),
    }),
    { selector: ({ target, key }) => entryKey(target, key), maxLength: 4 },
  )
  .map((all) => all.map(({ target, key, role }) => ({ target, key, content: { role, user: key } })));

const foreignMarked: fc.Arbitrary<Foreign[]> = fc.uniqueArray(
  fc.record({
    target: fc.record({
      backend: fc.constant('ecr' as const),
      host: fc.constant('marked.io'),
      place: fc.constantFrom(...PLACES),
    }),
    key: fc.constantFrom('pull-grant-a', 'by-hand'),
    content: fc.constant({ subjects: ['somebody'] }),
  }),
  { selector: ({ target, key }) => entryKey(target, key), maxLength: 3 },
);

const world: fc.Arbitrary<WorldOptions> = fc
  .tuple(foreign, foreignMarked)
  .map(([shared, own]) => ({ foreign: [...shared, ...own] }));

const written = (changes: readonly GrantChange[]): GrantChange[] => changes.filter(isWriting);

describe('any plan', () => {
  test('once applied leaves nothing to write, also after the grants changed', () => {
    fc.assert(
      fc.property(world, grants, grants, (options, before, after) => {
        const place = new SimulatedWorld(options);
        for (const desired of [before, after]) {
          place.reconcile(desired);
          expect(written(place.plan(desired))).toEqual([]);
        }
      }),
    );
  });

  test('never changes what somebody else made, and takes it over only where it says the same', () => {
    fc.assert(
      fc.property(world, grants, grants, (options, before, after) => {
        const place = new SimulatedWorld(options);
        const others = new Map(
          options.foreign?.map(({ target, key, content }) => [entryKey(target, key), canonicalText(content)]),
        );
        for (const desired of [before, after, []]) {
          for (const change of written(place.reconcile(desired))) {
            const key = entryKey(change.target, change.key);
            const other = others.get(key);
            if (other === undefined) continue;
            expect(change.op).toBe('adopt');
            expect('wanted' in change && change.wanted && canonicalText(change.wanted.content)).toBe(other);
            others.delete(key);
          }
          const standing = place.standing();
          for (const [key, content] of others) expect(canonicalText(standing.get(key) ?? null)).toBe(content);
        }
      }),
    );
  });

  test('leaves nothing of ours when nothing is declared any more', () => {
    fc.assert(
      fc.property(world, grants, (options, desired) => {
        const place = new SimulatedWorld(options);
        const adopting = desired.map((one): PullGrant => ({ ...one, adopt: false }));
        const before = place.standing();
        place.reconcile(adopting);
        place.reconcile([]);
        expect(place.standing()).toEqual(before);
      }),
    );
  });

  test('is the same for the same grants, sites, targets and entries in any order', () => {
    const shuffled = <T>(of: readonly T[]) => fc.shuffledSubarray([...of], { minLength: of.length });
    fc.assert(
      fc.property(
        world,
        grants,
        grants.chain((after) => fc.tuple(fc.constant(after), shuffled(after))),
        fc.infiniteStream(fc.boolean()),
        (options, before, [after, other], coins) => {
          const place = new SimulatedWorld(options);
          place.reconcile(before);
          place.plan(after);
          const observed = place.observed();
          const turned = <T>(list: readonly T[]): T[] => (coins.next().value === true ? list.toReversed() : [...list]);
          const changes = planGrants(after, observed, place.now);
          const again = planGrants(
            other.map((one) => ({ ...one, grantees: turned(one.grantees), what: turned(one.what) })),
            {
              ...observed,
              sites: turned(observed.sites),
              state: { ...observed.state, entries: new Map(turned([...observed.state.entries])) },
              targets: turned(observed.targets).map((target) =>
                isRead(target) ? { ...target, entries: turned(target.entries) } : target,
              ),
            },
            place.now,
          );
          expect(again).toEqual(changes);
          expect(planHash(again, observed.targets.toReversed())).toBe(planHash(changes, observed.targets));
        },
      ),
    );
  });

  test('keeps what another grant still needs', () => {
    fc.assert(
      fc.property(grants, fc.nat(), (desired, index) => {
        const running = desired.map(({ expiresAt: _end, notBefore: _start, ...one }): PullGrant => ({
          ...one,
          mode: 'enforce',
        }));
        fc.pre(running.length > 0);
        const place = new SimulatedWorld({});
        place.reconcile(running);
        const left = running.toSpliced(index % running.length, 1);
        const alone = new SimulatedWorld({});
        alone.reconcile(left);
        place.reconcile(left);
        expect(place.standing()).toEqual(alone.standing());
      }),
    );
  });

  test('removes what has expired before anything else, however long nobody looked', () => {
    fc.assert(
      fc.property(grants, grants, fc.integer({ min: 0, max: 100 }), (before, after, hours) => {
        const place = new SimulatedWorld({});
        place.reconcile(before);
        place.now = new Date(START + hours * HOUR_MS);
        const order = written(place.reconcile(after)).map((change) => ('why' in change ? change.why : 'adopt'));
        expect(order.toSorted((left, right) => Number(right === 'expired') - Number(left === 'expired'))).toEqual(
          order,
        );
        const over = after.filter(
          ({ expiresAt, onExpiry, mode }) =>
            expiresAt !== undefined && expiresAt <= place.now && onExpiry === 'revoke' && mode === 'enforce',
        );
        const keys = [...place.standing().keys()];
        for (const { id } of over) expect(keys.filter((key) => key.endsWith(`pull-grant-${id}`))).toEqual([]);
      }),
    );
  });

  test('narrows before it widens, but for an entry that another one of its grant replaces', () => {
    fc.assert(
      fc.property(world, grants, grants, (options, before, after) => {
        const place = new SimulatedWorld(options);
        place.reconcile(before);
        const risks = written(place.plan(after)).flatMap((change) => {
          const isReplaced = change.op === 'delete' && change.why === 'changed';
          return 'risk' in change && !isReplaced ? [change.risk] : [];
        });
        expect(risks.lastIndexOf('narrow')).toBeLessThan(
          risks.includes('widen') ? risks.indexOf('widen') : risks.length,
        );
      }),
    );
  });
});

/** Whether a grant that holds now has something to say at this site. */
function means({ what, grantees, notBefore, expiresAt }: PullGrant, host: string, now: Date): boolean {
  if ((notBefore !== undefined && now < notBefore) || (expiresAt !== undefined && now >= expiresAt)) return false;
  const isCluster = host === 'prod' || host === 'stage';
  const clusterOf = (grantee: Grantee): string | undefined => ('cluster' in grantee ? grantee.cluster : undefined);
  return (
    what.some(({ registry }) => registry === (isCluster ? 'inside.svc' : host)) &&
    grantees.some((grantee) => clusterOf(grantee) === (isCluster ? host : undefined))
  );
}

describe('a grant or a place that fails', () => {
  const trouble = new TransshipError('cluster-unavailable', 'no answer');

  test('changes nothing about what others have there', () => {
    fc.assert(
      fc.property(
        grants,
        grants,
        fc.constantFrom('marked.io', 'unmarked.io', 'prod', 'stage'),
        fc.constantFrom('site', 'target'),
        (before, after, host, what) => {
          const place = new SimulatedWorld({});
          const healthy = new SimulatedWorld({});
          for (const one of [place, healthy]) one.reconcile(before);
          if (what === 'site') place.down.set(host, trouble);
          for (const name of PLACES) {
            for (const kind of ['ecr', 'quay', 'kubernetes']) {
              if (what === 'target') place.targets.set(`${kind}:${host}/${name}`, trouble);
            }
          }
          const kept = [...place.standing()].filter(([key]) => key.includes(`:${host}/`));
          const meant = new Set(after.filter((one) => means(one, host, place.now)).map(({ id }) => id));
          const changes = place.reconcile(after);
          healthy.reconcile(after);
          const elsewhere = ([key]: [string, unknown]): boolean => !key.includes(`:${host}/`);
          expect(new Map([...place.standing()].filter(elsewhere))).toEqual(
            new Map([...healthy.standing()].filter(elsewhere)),
          );
          for (const [key] of kept) {
            if (place.standing().has(key)) continue;
            const gone = changes.find((change) => entryKey(change.target, change.key) === key);
            expect(what).toBe('site');
            expect(gone).toMatchObject({ op: 'delete' });
            expect(gone?.grants.filter((id) => meant.has(id))).toEqual([]);
          }
        },
      ),
    );
  });
});

describe('the journal', () => {
  test('read again gives the state that the runs had', () => {
    fc.assert(
      fc.property(world, grants, grants, fc.nat(), (options, before, after, cut) => {
        const place = new SimulatedWorld(options);
        for (const one of before) place.declare(one);
        place.reconcile(before);
        for (const one of before.slice(0, 1)) place.revoke(one);
        place.reconcile(after);
        const lines = place.lines.map((event) => ({ at: place.now, actor: 'test', ...event }));
        const replayed = foldLines(emptyGrants(), lines);
        expect(replayed).toEqual(place.state);
        expect(lines.reduce((state, line) => foldLines(state, [line]), emptyGrants())).toEqual(replayed);
        const half = cut % (lines.length + 1);
        expect(foldLines(foldLines(emptyGrants(), lines.slice(0, half)), lines.slice(half))).toEqual(replayed);
      }),
    );
  });
});
