// The keys of the token endpoint that are made in the data folder, for its owner only. There is always one more than is used: registries
// read the certificates that they trust when they start, so the next key has to be among them before it signs.
//
//   token/1.pem   signed until the last rotation; still trusted
//   token/2.pem   signs
//   token/3.pem   is next
//   token/certificates.pem   all of them, for rootcertbundle of the registries
//
import { generateKeyPair, randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { TokenKeyPair } from '../../../functions/registry-token/token-keys.ts';
import { messageOf, TransshipError } from '../../../shared/errors.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { certificatesFile } from './certificates-file.ts';
import { selfSignedCertificate } from './self-signed-certificate.ts';

export type MadeKeys = {
  /** The oldest first. */
  pairs: readonly TokenKeyPair[];
  /** Of the pair that signs. */
  signing: number;
};

const RSA_BITS = 2048;
const DAY_MS = 24 * 60 * 60_000;
/** The clocks of registries may be behind. */
const BACKDATED_MS = DAY_MS;
/** Nobody changes the file of a registry every year; what ends sooner is rotated. */
const LIFE_MS = 3650 * DAY_MS;
const FILE = /^(?<number>[1-9]\d{0,8})\.pem$/;
const generate = promisify(generateKeyPair);

/** Those that are there; on first use they are made. @throws TransshipError store-unavailable */
export function madeKeys(dataDir: string, now: Date): Promise<MadeKeys> {
  return inFolder(dataDir, async (folder) => {
    for (let number = (await numbersIn(folder)).at(-1) ?? 0; number < 2;) await makeKey(folder, (number += 1), now);
    return readKeys(folder);
  });
}

/** The next key signs from now on, and there is another next one. @throws TransshipError store-unavailable */
export function rotateKeys(dataDir: string, now: Date): Promise<MadeKeys> {
  return inFolder(dataDir, async (folder) => {
    await madeKeys(dataDir, now);
    const numbers = await numbersIn(folder);
    await makeKey(folder, (numbers.at(-1) ?? 0) + 1, now);
    // tokens of the one that just signed live on for some minutes; registries were started anew since those before it signed
    for (const number of numbers.slice(0, -2)) await rm(path.join(folder, `${number}.pem`), { force: true });
    return readKeys(folder);
  });
}

async function inFolder(dataDir: string, work: (folder: string) => Promise<MadeKeys>): Promise<MadeKeys> {
  const folder = path.dirname(certificatesFile(dataDir));
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const keys = await work(folder);
    await writeCertificates(folder, keys);
    return keys;
  } catch (error) {
    throw new TransshipError('store-unavailable', `the keys in ${folder} can't be used: ${messageOf(error)}`, {
      hint: 'check the rights of the data folder, or name keys of your own: tokenEndpoint.keys',
      cause: error,
    });
  }
}

async function numbersIn(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).map((name) => Number(FILE.exec(name)?.groups?.['number'] ?? 0));
  return numbers.filter((number) => number > 0).sort((one, other) => one - other);
}

async function readKeys(folder: string): Promise<MadeKeys> {
  const pairs: TokenKeyPair[] = [];
  for (const number of await numbersIn(folder)) {
    const origin = path.join(folder, `${number}.pem`);
    const text = await readFile(origin, 'utf8');
    const [certificate = '', key = ''] = text.split(/(?=-----BEGIN PRIVATE KEY-----)/);
    pairs.push({ certificate, key: new Secret(key), origin });
  }
  return { pairs, signing: Math.max(0, pairs.length - 2) };
}

/** Of two processes that make the same one, one wins for both. */
async function makeKey(folder: string, number: number, now: Date): Promise<void> {
  const { privateKey } = await generate('rsa', { modulusLength: RSA_BITS });
  const certificate = selfSignedCertificate(privateKey, {
    name: `Transship registry tokens ${number}`,
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() + LIFE_MS),
  });
  const text = `${certificate}${privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()}`;
  await written(folder, text, 0o600, (draft) =>
    link(draft, path.join(folder, `${number}.pem`)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    }),
  );
}

/** Only where they are others than those that stand there: who watches the file is told of each change. */
async function writeCertificates(folder: string, { pairs }: MadeKeys): Promise<void> {
  const file = path.join(folder, 'certificates.pem');
  const text = pairs.map(({ certificate }) => certificate).join('');
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (before !== text) await written(folder, text, 0o644, (draft) => rename(draft, file));
}

/** Whole or not there. */
async function written(folder: string, text: string, mode: number, put: (draft: string) => Promise<void>) {
  const draft = path.join(folder, `draft.${randomBytes(6).toString('hex')}`);
  try {
    await using handle = await open(draft, 'wx', mode);
    await handle.writeFile(text);
    await handle.sync();
    await put(draft);
  } finally {
    await rm(draft, { force: true });
  }
}
