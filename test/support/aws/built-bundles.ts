// The bundles of the Lambda functions, built once for each state of the sources, whatever number of tests needs them.
import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { buildFunctions } from '../../../infra/aws/package/build-functions.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const CACHE = process.env['TRANSSHIP_TEST_CACHE'] ?? path.join(homedir(), '.cache/transship-test');
const SOURCES = ['functions', 'infra', 'shared'];

/** A folder for each function in a folder that nobody changes. `TRANSSHIP_TEST_BUNDLES` names one that is there already. */
export async function builtBundles(): Promise<string> {
  const given = process.env['TRANSSHIP_TEST_BUNDLES'];
  if (given !== undefined) return given;
  const folder = path.join(CACHE, 'bundles');
  const finished = path.join(folder, sourcesHash());
  if (await isThere(finished)) return finished;
  const draft = path.join(CACHE, `bundles-draft-${randomUUID()}`);
  await mkdir(draft, { recursive: true });
  await buildFunctions(draft);
  // those of earlier sources are of no use
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // somebody else may have been quicker
  await rename(draft, finished).catch(() => rm(draft, { recursive: true, force: true }));
  return finished;
}

function isThere(folder: string): Promise<boolean> {
  return access(folder).then(
    () => true,
    () => false,
  );
}

function sourcesHash(): string {
  const hash = createHash('sha256').update(readFileSync(path.join(ROOT, 'package-lock.json')));
  for (const folder of SOURCES) {
    for (const entry of readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      hash.update(`${file}\n`).update(readFileSync(file));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
