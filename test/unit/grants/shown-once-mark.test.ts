// What registries are told of things that are made for one grant can be read again, and nobody else's is taken for ours.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatShownOnce, isMarkedName, markedName, parseShownOnce } from '../../../shared/grants/shown-once-mark.ts';

const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?$/);

test('says again what it was made of', () => {
  const mark = fc.record(
    {
      grant: name,
      secret: fc.record({ cluster: name, namespace: name, name }),
      isKept: fc.boolean(),
      endsAt: fc.date({ min: new Date('2026-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }),
    },
    { requiredKeys: ['grant', 'secret', 'isKept'] },
  );
  fc.assert(
    fc.property(mark, (one) => {
      expect(parseShownOnce(formatShownOnce(one))).toEqual(one);
    }),
  );
});

test.each(['', 'by hand', 'base kept in prod/team', 'base until never kept in a/b/c', 'base kept in a/b/c/d'])(
  'is nothing in %j',
  (text) => expect(parseShownOnce(text)).toBeUndefined(),
);

test('is one name for each instance, grant and grantee, known by its instance', () => {
  fc.assert(
    fc.property(name, name, name, name, (instance, grant, grantee, other) => {
      const own = markedName(instance, grant, grantee);
      expect(own).toMatch(/^pg-[0-9a-f]{16}$/);
      expect(isMarkedName(instance, own)).toBe(true);
      fc.pre(other !== instance && other !== grant && other !== grantee);
      expect(isMarkedName(other, own)).toBe(false);
      expect(new Set([own, markedName(instance, other, grantee), markedName(instance, grant, other)]).size).toBe(3);
    }),
  );
  expect(isMarkedName('transship', `${markedName('transship', 'a', 'b')}0`)).toBe(false);
});
