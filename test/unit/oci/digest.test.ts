// Digests: what counts as one, and that they are computed from bytes.
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf, isDigest, parseDigest } from '../../../shared/oci/digest.ts';
import { failureOf } from '../../support/failure.ts';

const HEX = 'ab01'.repeat(16);

test.each(['sha256', 'sha512'] as const)('reads %s digests', (algorithm) => {
  const hex = algorithm === 'sha256' ? HEX : HEX + HEX;
  expect(parseDigest(`${algorithm}:${hex}`)).toStrictEqual({ algorithm, hex });
  expect(isDigest(`${algorithm}:${hex}`)).toBe(true);
});

// CVE-2024-3727: a digest that is not checked walks out of the path it is put into.
test.each<[string, RegExp, RegExp]>([
  ['', /no algorithm/, /sha256/],
  ['sha256', /no algorithm/, /sha256/],
  [HEX, /no algorithm/, /sha256/],
  ['sha256:', /0 characters/, /64/],
  ['sha256:../x', /4 characters/, /64/],
  [`sha256:${'../'.repeat(21)}x`, /not a hexadecimal digit/, /64/],
  [`sha256:${HEX.slice(1)}`, /63 characters/, /64/],
  [`sha256:${HEX}0`, /65 characters/, /64/],
  [`sha256:${HEX}\n`, /65 characters/, /64/],
  [`sha256:${HEX.toUpperCase()}`, /upper-case/, new RegExp(`try sha256:${HEX}`)],
  [`SHA256:${HEX}`, /algorithm "SHA256"/, /sha256/],
  [`sha512:${HEX}`, /64 characters after "sha512:" instead of 128/, /128/],
  [`md5:${HEX.slice(32)}`, /algorithm "md5"/, /sha256/],
  [`:${HEX}`, /algorithm ""/, /sha256/],
  [`__proto__:${HEX}`, /algorithm "__proto__"/, /sha256/],
  [`sha256:${HEX.slice(1)}\u0000`, /\\u\{0\}/, /64/],
])('refuses %j', (text, message, hint) => {
  expect(isDigest(text)).toBe(false);
  expect(() => parseDigest(text)).toThrow(
    expect.objectContaining({
      code: 'invalid-digest',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    }),
  );
});

test('computes digests that it reads back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom('sha256' as const, 'sha512' as const), (bytes, algorithm) => {
      const hex = createHash(algorithm).update(bytes).digest('hex');
      expect(parseDigest(digestOf(bytes, algorithm))).toStrictEqual({ algorithm, hex });
    }),
  );
  expect(digestOf(new Uint8Array())).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('throws nothing but invalid-digest, exactly where isDigest says no', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^sha(256|512):[0-9a-fA-F]{63,65}$/));
  fc.assert(
    fc.property(texts, (text) => {
      const code = failureOf(() => parseDigest(text))?.code;
      expect(code).toBe(isDigest(text) ? undefined : 'invalid-digest');
    }),
  );
});
