// The master key in the data folder.
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readMasterKey } from '../../../infra/node/master-key.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

const noSecrets = () => Promise.reject(new Error('nothing is configured'));
let folder = '';
let dataDir = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'transship-key-'));
  dataDir = path.join(folder, 'data');
});
afterEach(() => rm(folder, { recursive: true }));

it('is made on first use, for its owner only, and stays', async () => {
  const key = await readMasterKey({ dataDir }, noSecrets);
  expect(key.reveal()).toMatch(/^[\w-]{43}$/);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  expect((await stat(path.join(dataDir, 'master-key'))).mode & 0o777).toBe(0o600);
  expect((await readMasterKey({ dataDir }, noSecrets)).reveal()).toBe(key.reveal());
});

it('is one key, however many make it at the same time', async () => {
  const made = await Promise.all(Array.from({ length: 20 }, () => readMasterKey({ dataDir }, noSecrets)));
  expect(new Set(made.map((key) => key.reveal())).size).toBe(1);
  expect(await readdir(dataDir)).toEqual(['master-key']);
});

it('is the configured one where there is one, and then none is made', async () => {
  const own = await readMasterKey({ dataDir, masterKey: { env: 'KEY' } }, () => Promise.resolve(new Secret('own')));
  expect(own.reveal()).toBe('own');
  await expect(stat(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('is not replaced where it is empty: the addresses that follow from it are out there', async () => {
  await readMasterKey({ dataDir }, noSecrets);
  await writeFile(path.join(dataDir, 'master-key'), '\n');
  await expect(readMasterKey({ dataDir }, noSecrets)).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining('it is empty') as string,
  });
  expect(await readFile(path.join(dataDir, 'master-key'), 'utf8')).toBe('\n');
});

it('says that it cannot be made', async () => {
  await writeFile(dataDir, 'a file where the folder should be');
  await expect(readMasterKey({ dataDir }, noSecrets)).rejects.toMatchObject({ code: 'store-unavailable' });
});
