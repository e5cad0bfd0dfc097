// The key that the tokens in webhook addresses follow from: the configured one, or one that is made in the data folder on first use.
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Config, SecretReference } from '../../shared/config/config.ts';
import { messageOf, TransshipError } from '../../shared/errors.ts';
import { Secret } from '../../shared/telemetry/secret.ts';

const KEY_BYTES = 32;

/** @throws TransshipError invalid-config where the configured key cannot be read, store-unavailable where none can be made */
export async function readMasterKey(
  { masterKey, dataDir }: Pick<Config, 'masterKey' | 'dataDir'>,
  resolveSecret: (reference: SecretReference) => Promise<Secret>,
): Promise<Secret> {
  if (masterKey !== undefined) return resolveSecret(masterKey);
  const file = path.join(dataDir, 'master-key');
  try {
    return (await readKey(file)) ?? (await makeKey(file));
  } catch (error) {
    throw new TransshipError('store-unavailable', `the master key ${file} can't be used: ${messageOf(error)}`, {
      hint: 'check the rights of the data folder, or name a key of your own: masterKey: { env: NAME }',
      cause: error,
    });
  }
}

async function readKey(file: string): Promise<Secret | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text?.trim() === '') throw new Error('it is empty');
  return text === undefined ? undefined : new Secret(text.trim());
}

/** Whole or not there, for its owner only; of two processes that make it at the same time, one wins for both. */
async function makeKey(file: string): Promise<Secret> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await using handle = await open(draft, 'wx', 0o600);
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString('base64url')}\n`);
    await handle.sync();
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  const key = await readKey(file);
  if (key === undefined) throw new Error('it vanished');
  return key;
}
