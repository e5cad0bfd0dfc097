// What may be removed is decided by the journal, the target and the rule together; whatever they say, the limits hold.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LARGEST_SHARE, MOST_TAGS, planPrune, type PruneFacts } from '../../../shared/mirror/prune/plan-prune.ts';

const tag = fc.constantFrom(...Array.from({ length: 40 }, (_none, number) => `t${number}`));
const digest = fc.constantFrom('sha256:a', 'sha256:b');
const entry = fc.record({
  registry: fc.constant('t.io'),
  repository: fc.constant('app'),
  tag,
  digest,
  rule: fc.constantFrom('ours', 'other'),
  source: tag.chain((name) =>
    fc.constantFrom(`s.io:5000/app:${name}`, `s.io:5000/app@sha256:x`, `s.io:5000/else:${name}`),
  ),
  writtenAt: fc.constant(new Date(0)),
});
const facts: fc.Arbitrary<PruneFacts> = fc.record({
  rule: fc.constant('ours'),
  source: fc.constant('s.io:5000/app'),
  written: fc.uniqueArray(entry, { selector: (one) => one.tag, maxLength: 40 }),
  wanted: fc.array(tag).map((names) => new Set(names)),
  present: fc.array(fc.tuple(tag, digest)).map((pairs) => new Map(pairs)),
  total: fc.nat(200),
  otherRules: fc.constantFrom([], [], ['second']),
});

test('removes only what we wrote for the rule and its source, that still names it, and is not wanted', () => {
  fc.assert(
    fc.property(facts, (given) => {
      for (const one of planPrune(given).remove) {
        expect(one).toMatchObject({ rule: 'ours', digest: given.present.get(one.tag) });
        expect(one.source.startsWith('s.io:5000/app')).toBe(true);
        expect(given.wanted.has(one.tag)).toBe(false);
        expect(given.otherRules).toEqual([]);
      }
    }),
  );
});

test('never more than its limit', () => {
  fc.assert(
    fc.property(facts, (given) => {
      const { remove, refused } = planPrune(given);
      const most = Math.max(MOST_TAGS, Math.floor(given.total * LARGEST_SHARE));
      expect(refused !== undefined).toBe(remove.length > most);
    }),
  );
});

test('the journal forgets what is gone from the target, and nothing else', () => {
  fc.assert(
    fc.property(facts, (given) => {
      for (const one of planPrune(given).gone) expect(given.present.has(one.tag)).toBe(false);
    }),
  );
});
