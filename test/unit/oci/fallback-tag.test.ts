// The tags that stand for a digest: the referrers fallback tag and those of cosign.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosignTags, fallbackTag, isCosignTag, isFallbackTag } from '../../../shared/oci/fallback-tag.ts';
import { failureOf } from '../../support/failure.ts';

const HEX = '0123456789abcdef'.repeat(4);

test.each([
  [`sha256:${HEX}`, `sha256-${HEX}`],
  [`sha512:${HEX}${HEX}`, `sha512-${HEX}`],
  [
    'test+algorithm+using+algorithm+separators+and+lots+of+characters+to+excercise+overall+truncation:alsoSome=InTheEncodedSectionToShowHyphenReplacementAndLotsAndLotsOfCharactersToExerciseEncodedTruncation',
    'test-algorithm-using-algorithm-s-alsoSome-InTheEncodedSectionToShowHyphenReplacementAndLotsAndLot',
  ],
])('the fallback tag of %s is %s', (digest, expected) => {
  expect(fallbackTag(digest)).toBe(expected);
});

test.each(['', 'sha256', 'sha256:', ':abc', 'sha256:a/b', '../x:y', 'sha256:a:b'])('refuses %j', (text) => {
  expect(failureOf(() => fallbackTag(text))).toMatchObject({
    code: 'invalid-digest',
    hint: expect.stringMatching(/./),
  });
  expect(failureOf(() => cosignTags(text))).toMatchObject({ code: 'invalid-digest' });
});

test('cosign keeps three tags beside a sha256 digest, and none that a registry would refuse', () => {
  expect(cosignTags(`sha256:${HEX}`)).toStrictEqual([`sha256-${HEX}.sig`, `sha256-${HEX}.att`, `sha256-${HEX}.sbom`]);
  expect(cosignTags(`sha512:${HEX}${HEX}`)).toStrictEqual([]);
});

test('every fallback tag is a tag', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9]{1,40}([+._-][a-z0-9]{1,9}){0,3}:[a-zA-Z0-9=_-]{1,99}$/), (digest) => {
      expect(fallbackTag(digest)).toMatch(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);
    }),
  );
});

test.each([`sha256:${HEX}`, `sha512:${HEX}${HEX}`])('the tags of %s are known by their form', (digest) => {
  expect(isFallbackTag(fallbackTag(digest))).toBe(true);
  for (const tag of cosignTags(digest)) expect([tag, isCosignTag(tag), isFallbackTag(tag)]).toEqual([tag, true, false]);
});

test.each(['v1', 'sha256-abc', 'sha256-abc.sig', `sha256-${HEX}0`, `sha256-${HEX}.tar`, `v1-sha256-${HEX}`, HEX])(
  '%s is a tag like any other',
  (tag) => {
    expect([isFallbackTag(tag), isCosignTag(tag)]).toEqual([false, false]);
  },
);
