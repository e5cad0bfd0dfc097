// Sizes, durations and digests as people read them.
import { describe, expect, test } from 'vitest';
import { count, formatBytes, formatDuration, shortDigest } from '../../../infra/cli/output/units.ts';

describe('sizes', () => {
  test.each([
    [0, '0 B'],
    [-5, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [64 * 1024 ** 2, '64.0 MiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [2 ** 60, '1024.0 PiB'],
  ])('shows %d bytes as %s', (sizeBytes, text) => {
    expect(formatBytes(sizeBytes)).toBe(text);
  });
});

describe('durations', () => {
  test.each([
    [0, '0ms'],
    [340.4, '340ms'],
    [1000, '1.0s'],
    [59_949, '59.9s'],
    [59_960, '1m00s'],
    [187_000, '3m07s'],
    [3_720_000, '1h02m'],
  ])('shows %d ms as %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

test('a digest is cut to the first twelve characters of its hex', () => {
  expect(shortDigest(`sha256:${'0123456789abcdef'.repeat(4)}`)).toBe('0123456789ab');
});

test.each([
  [0, '0 blobs'],
  [1, '1 blob'],
  [2, '2 blobs'],
])('counts %d as %s', (number, text) => {
  expect(count(number, 'blob')).toBe(text);
});
