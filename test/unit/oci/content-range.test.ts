// Ranges of partial answers and of upload sessions.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseContentRange, parseUploadRange, type ContentRange } from '../../../shared/oci/content-range.ts';
import { failureOf } from '../../support/failure.ts';

test.each<[string, ContentRange]>([
  ['bytes 0-9/100', { start: 0, end: 9, size: 100 }],
  ['bytes 90-99/100', { start: 90, end: 99, size: 100 }],
  ['bytes 5-5/*', { start: 5, end: 5 }],
  ['BYTES  0-0/1 ', { start: 0, end: 0, size: 1 }],
])('parseContentRange reads %s', (header, expected) => {
  expect(parseContentRange(header)).toStrictEqual(expected);
});

test.each([
  [undefined],
  [''],
  ['bytes */100'],
  ['bytes 9-0/100'],
  ['bytes 0-100/100'],
  ['bytes 0-9'],
  ['0-9/100'],
  ['bytes=0-9/100'],
  ['bytes -9/100'],
  ['bytes 0--9/100'],
  ['items 0-9/100'],
  ['bytes 0-9007199254740992/9007199254740994'],
  ['bytes 0-9/9007199254740992'],
  ['bytes 0-9/100, bytes 10-19/100'],
  ['bytes 0x0-9/10'],
])('parseContentRange refuses %j', (header) => {
  expect(failureOf(() => parseContentRange(header))).toMatchObject({
    code: 'invalid-response',
    message: expect.stringContaining('Content-Range'),
    hint: expect.stringMatching(/./),
  });
});

test.each<[string | undefined, { start: number; end: number } | undefined]>([
  ['0-1023', { start: 0, end: 1023 }],
  ['bytes=0-1023', { start: 0, end: 1023 }],
  ['bytes 0-1023', { start: 0, end: 1023 }],
  ['0-0', { start: 0, end: 0 }],
  [undefined, undefined],
  ['', undefined],
  ['0--1', undefined],
  ['0-', undefined],
  ['9-0', undefined],
  ['0-99999999999999999999', undefined],
  ['bytes=0-1,5-6', undefined],
])('parseUploadRange takes %j for %j', (header, expected) => {
  expect(parseUploadRange(header)).toStrictEqual(expected);
});

test('any range survives being written and read', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(), fc.nat(), (start, length, after) => {
      const end = start + length;
      const size = end + 1 + after;
      fc.pre(Number.isSafeInteger(size));
      expect(parseContentRange(`bytes ${start}-${end}/${size}`)).toStrictEqual({ start, end, size });
      expect(parseUploadRange(`${start}-${end}`)).toStrictEqual({ start, end });
    }),
  );
});

test('junk gives invalid-response, or undefined for uploads', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^bytes [-0-9*/]{0,12}$/)), (header) => {
      expect([undefined, 'invalid-response']).toContain(failureOf(() => parseContentRange(header))?.code);
      expect(() => parseUploadRange(header)).not.toThrow();
    }),
  );
});
