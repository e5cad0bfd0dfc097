// The bundles of the Lambda functions, built once for each state of the sources, whatever number of tests needs them.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { buildFunctions } from '../../../infra/aws/package/build-functions.ts';
import { withLock } from '../provision/lock.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const CACHE = process.env['TRANSSHIP_TEST_CACHE'] ?? path.join(homedir(), '.cache/transship-test');
const AN_HOUR_MS = 3_600_000;
const SOURCES = ['functions', 'infra', 'shared'];

/** A folder for each function in a folder that nobody changes. `TRANSSHIP_TEST_BUNDLES` names one that is there already. */
export async function builtBundles(): Promise<string> {
  const given = process.env['TRANSSHIP_TEST_BUNDLES'];
  if (given !== undefined) return given;
  const folder = path.join(CACHE, 'bundles');
  const finished = path.join(folder, sourcesHash());
  // several test files want them at the same moment, and a build keeps all cores busy
  await withLock(path.join(CACHE, 'bundles-lock'), async () => {
    if (await isThere(finished)) return;
    const draft = path.join(CACHE, 'bundles-draft');
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft);
    await buildFunctions(draft);
    await mkdir(folder, { recursive: true });
    await removeOld(folder);
    await rename(draft, finished);
  });
  return finished;
}

/** Those of earlier sources are of no use, unless a run of the tests is at it. */
async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const old = path.join(folder, name);
    if ((await stat(old)).mtimeMs < Date.now() - AN_HOUR_MS) await rm(old, { recursive: true, force: true });
  }
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
      hash.update(`${path.relative(ROOT, file)}\n`).update(readFileSync(file));
    }
  }
  return hash.digest('hex').slice(0, 16);
}
