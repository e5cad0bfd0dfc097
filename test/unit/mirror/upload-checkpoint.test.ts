// Where an upload goes on, and what of it may be kept.
import { assert, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideResume, isOtherContent, isStorable } from '../../../shared/mirror/upload-checkpoint.ts';

const CHUNK = 8;

describe('an upload that was acknowledged up to byte 16 of 40', () => {
  const resume = (held: number | undefined, how: 'status' | 'location' = 'status') =>
    decideResume({ offset: 16, sizeBytes: 40 }, held, how, CHUNK);

  it('goes on there where the registry says the same', () => {
    expect(resume(16)).toEqual({ go: 'on', offset: 16, rehashBytes: 0 });
    expect(resume(16, 'location')).toEqual({ go: 'on', offset: 16, rehashBytes: 0 });
  });

  it('goes on behind what a lost answer, or a cut chunk, left', () => {
    expect(resume(19)).toEqual({ go: 'on', offset: 19, rehashBytes: 3 });
    expect(resume(24)).toEqual({ go: 'on', offset: 24, rehashBytes: 8 });
  });

  it('begins anew where the registry has less, more than was sent, or nothing', () => {
    for (const held of [undefined, 0, 15, 25, 41]) expect(resume(held)).toEqual({ go: 'restart' });
  });

  it('takes no more from a registry whose offset is only a sign of life', () => {
    expect(resume(17, 'location')).toEqual({ go: 'on', offset: 16, rehashBytes: 0 });
    for (const held of [undefined, 0, 15, 18, 24]) expect(resume(held, 'location')).toEqual({ go: 'restart' });
  });
});

it('never goes on outside of the blob, before the hash, or further than a chunk', () => {
  const bytes = integer({ min: 0, max: 100 });
  assert(
    property(record({ offset: bytes, left: bytes, held: bytes, sent: bytes }), ({ offset, left, held, sent }) => {
      const sizeBytes = offset + left;
      const resume = decideResume({ offset, sizeBytes }, held, 'status', sent);
      if (resume.go === 'restart') return;
      expect(resume.offset).toBe(held);
      expect(resume.rehashBytes).toBe(held - offset);
      expect(resume.rehashBytes).toBeGreaterThanOrEqual(0);
      expect(resume.rehashBytes).toBeLessThanOrEqual(sent);
      expect(resume.offset).toBeLessThanOrEqual(sizeBytes);
    }),
  );
});

describe('a Location', () => {
  it.each([
    'https://registry.example.com/v2/app/blobs/uploads/7f?_state=c2lnbmVk',
    'http://127.0.0.1:5000/v2/app/blobs/uploads/7f',
    'https://registry.example.com/v2/app/blobs/uploads/7f?uuid=1&nonce=2',
  ])('that opens nothing without a login is kept: %s', (location) => {
    expect(isStorable(new URL(location))).toBe(true);
  });

  it.each([
    'https://user:password@registry.example.com/v2/app/blobs/uploads/7f',
    'https://user@registry.example.com/v2/app/blobs/uploads/7f',
    'https://bucket.s3.amazonaws.com/x?X-Amz-Signature=00&X-Amz-Credential=AKIA',
    'https://account.blob.core.windows.net/x?sv=1&sig=abc',
    'https://storage.googleapis.com/x?X-Goog-Signature=abc',
    'https://registry.example.com/upload/7f?access_token=abc',
    'https://registry.example.com/upload/7f?api_key=abc',
    `https://registry.example.com/upload/7f?_state=${'x'.repeat(5000)}`,
  ])('that is a credential by itself, or too long, is not: %s', (location) => {
    expect(isStorable(new URL(location))).toBe(false);
  });
});

it.each([
  ['"a"', '"b"', true],
  ['"a"', '"a"', false],
  ['W/"a"', 'W/"b"', false],
  [undefined, '"b"', false],
  ['"a"', undefined, false],
])('ETag %s, later %s: other content is %s', (before, now, isOther) => {
  expect(isOtherContent(before, now)).toBe(isOther);
});
