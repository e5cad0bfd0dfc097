// Units, "did you mean", and secrets.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SecretReference } from '../../../shared/config/config.ts';
import { editDistance, nearestWord } from '../../../shared/config/nearest-word.ts';
import { resolveSecret } from '../../../shared/config/secrets.ts';
import { parseDuration, parseRate, parseSize } from '../../../shared/config/units.ts';

test.each([
  ['30s', 30_000],
  ['15m', 900_000],
  ['6h', 21_600_000],
  ['7d', 604_800_000],
  ['1h30m0s', 5_400_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
])('the duration %s', (text, expected) => expect(parseDuration(text)).toBe(expected));

test.each(['', '5', 'h', '5 m', '5x', '-5m', '0s', 'm5'])('%j is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow('is not a duration');
});

test.each([
  ['64MiB', 67_108_864],
  ['1.5KiB', 1536],
  ['2 GB', 2e9],
  ['50MiB/s', 52_428_800],
  ['100', 100],
])('the size %s', (text, expected) => expect(parseSize(text)).toBe(expected));

test.each(['', 'MiB', '5XB', '0', '-1MiB', '1e9'])('%j is no size', (text) => {
  expect(() => parseSize(text)).toThrow('is not a size');
});

test.each([
  ['600/min', 600],
  ['10/s', 600],
  ['60/h', 1],
])('the rate %s', (text, expected) => expect(parseRate(text)).toBe(expected));

test.each(['', '0/s', '600', '5/d'])('%j is no rate', (text) => {
  expect(() => parseRate(text)).toThrow('is not a rate');
});

test.each([
  ['mirors', 'mirrors'],
  ['plianHttp', 'plainHttp'],
  ['Receivers', 'receivers'],
  ['user', 'username'],
  ['zebra', undefined],
  ['', undefined],
])('%j is meant for %s', (word, expected) => {
  expect(nearestWord(word, ['mirrors', 'plainHttp', 'receivers', 'username'])).toBe(expected);
});

test('the distance of words is one of distances', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
  fc.assert(
    fc.property(word, word, (left, right) => {
      const distance = editDistance(left, right);
      expect(distance).toBe(editDistance(right, left));
      expect(distance === 0).toBe(left === right);
      expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(left.length - right.length));
    }),
  );
});

test('secrets come from the environment and from files, anew each time', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'transship-secret-'));
  try {
    const file = path.join(folder, 'key');
    writeFileSync(file, 'first\n');
    const env: NodeJS.ProcessEnv = { A: ' value ' };
    expect((await resolveSecret({ env: 'A' }, { env })).reveal()).toBe(' value ');
    expect((await resolveSecret({ file }, { env })).reveal()).toBe('first');
    writeFileSync(file, 'second');
    expect((await resolveSecret({ file }, { env })).reveal()).toBe('second');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('secrets of a cluster and of a cloud come from what the host hands in', async () => {
  const sources = {
    env: {},
    kubernetesSecret: ({ namespace, name, key }: { namespace: string; name: string; key: string }) =>
      Promise.resolve(`${namespace}/${name}/${key}`),
    awsSecret: ({ id }: { id: string }) => Promise.resolve(id),
    awsParameter: ({ name }: { name: string }) => Promise.resolve(name),
  };
  const cluster = { kubernetesSecret: { namespace: 'n', name: 's', key: 'k' } };
  expect((await resolveSecret(cluster, sources)).reveal()).toBe('n/s/k');
  expect((await resolveSecret({ awsSecret: { id: 'x' } }, sources)).reveal()).toBe('x');
  expect((await resolveSecret({ awsParameter: { name: '/x' } }, sources)).reveal()).toBe('/x');
});

test.each<[reference: SecretReference, message: string]>([
  [{ env: 'UNSET' }, 'the environment variable UNSET is not set'],
  [{ env: 'EMPTY' }, 'the environment variable EMPTY is empty'],
  [{ file: '/nonexistent/key' }, "the secret in /nonexistent/key can't be read"],
  [{ kubernetesSecret: { namespace: 'n', name: 's', key: 'k' } }, "the key k of Secret n/s can't be read here"],
  [{ awsSecret: { id: 'x' } }, "the AWS secret x can't be read here"],
  [{ awsParameter: { name: '/x' } }, "the AWS parameter /x can't be read here"],
])('a secret that is not there: %j', async (reference, message) => {
  const failure = resolveSecret(reference, { env: { EMPTY: '' } });
  await expect(failure).rejects.toMatchObject({ code: 'invalid-config', message: expect.stringContaining(message) });
});
