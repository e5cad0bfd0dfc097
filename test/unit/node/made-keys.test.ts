// The keys of the token endpoint in the data folder: made once, for the owner only, and rotated so that registries know the next one.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { certificateBundle, openTokenKeys } from '../../../functions/registry-token/token-keys.ts';
import { certificatesFile } from '../../../infra/node/token-keys/certificates-file.ts';
import { madeKeys, rotateKeys } from '../../../infra/node/token-keys/made-keys.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

let dataDir: string;
beforeEach(async () => void (dataDir = await mkdtemp(path.join(tmpdir(), 'transship-made-keys-'))));
afterEach(() => rm(dataDir, { recursive: true }));

const inToken = (name: string) => path.join(dataDir, 'token', name);
const bundle = () => readFile(certificatesFile(dataDir), 'utf8');
const names = async () => (await readdir(inToken(''))).sort();

it('makes two, of which the first signs, and says so the next time, too', async () => {
  const made = await madeKeys(dataDir, NOW);
  expect(made.signing).toBe(0);
  const keys = openTokenKeys(made.pairs, made.signing, NOW);
  expect(keys.trusted).toHaveLength(2);
  expect(await names()).toEqual(['1.pem', '2.pem', 'certificates.pem']);
  expect(await bundle()).toBe(certificateBundle(keys));
  const again = await madeKeys(dataDir, NOW);
  expect(again.pairs.map(({ certificate }) => certificate)).toEqual(made.pairs.map(({ certificate }) => certificate));
});

it('keeps the keys from others, and out of what it gives in the clear', async () => {
  const { pairs } = await madeKeys(dataDir, NOW);
  expect((await stat(inToken(''))).mode & 0o777).toBe(0o700);
  for (const name of ['1.pem', '2.pem']) expect((await stat(inToken(name))).mode & 0o777).toBe(0o600);
  expect(JSON.stringify(pairs)).not.toContain('PRIVATE');
  expect(await bundle()).not.toContain('PRIVATE');
});

it('makes certificates that a registry with a slow clock takes, for ten years', async () => {
  const { pairs } = await madeKeys(dataDir, NOW);
  for (const { certificate } of pairs) {
    const { validFromDate, validToDate } = new X509Certificate(certificate);
    expect(validFromDate).toEqual(new Date('2026-11-20T12:00:00Z'));
    expect(validToDate.getUTCFullYear()).toBe(2036);
  }
});

it('rotates to the key that registries know already, and keeps the old one', async () => {
  const first = await madeKeys(dataDir, NOW);
  const second = await rotateKeys(dataDir, NOW);
  expect(await names()).toEqual(['1.pem', '2.pem', '3.pem', 'certificates.pem']);
  expect(second.pairs[second.signing]?.certificate).toBe(first.pairs[1]?.certificate);
  expect((await bundle()).startsWith(first.pairs.map(({ certificate }) => certificate).join(''))).toBe(true);

  const third = await rotateKeys(dataDir, NOW);
  expect(await names()).toEqual(['2.pem', '3.pem', '4.pem', 'certificates.pem']);
  expect(third.pairs[third.signing]?.certificate).toBe(second.pairs[2]?.certificate);
});

it('makes the first ones at the first rotation where there are none', async () => {
  const { signing, pairs } = await rotateKeys(dataDir, NOW);
  expect([signing, pairs.length]).toEqual([1, 3]);
});

it('agrees with another process that makes them at the same time', async () => {
  const [one, other] = await Promise.all([madeKeys(dataDir, NOW), madeKeys(dataDir, NOW)]);
  const made = await madeKeys(dataDir, NOW);
  expect(openTokenKeys(made.pairs, made.signing, NOW).trusted).toHaveLength(2);
  for (const { pairs } of [one, other]) {
    expect(made.pairs.map(({ origin }) => origin)).toEqual(pairs.map(({ origin }) => origin));
    expect(pairs.map(({ certificate }) => certificate)).toEqual(made.pairs.map(({ certificate }) => certificate));
  }
  expect((await names()).filter((name) => name.startsWith('draft'))).toEqual([]);
});

it('does not touch the certificates where nothing is new', async () => {
  await madeKeys(dataDir, NOW);
  const before = await stat(certificatesFile(dataDir));
  await madeKeys(dataDir, NOW);
  expect((await stat(certificatesFile(dataDir))).ino).toBe(before.ino);
});

it('says where it cannot work', async () => {
  await writeFile(inToken('').replace(/\/$/, ''), 'in the way');
  await expect(madeKeys(dataDir, NOW)).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining(path.join(dataDir, 'token')),
  });
});
