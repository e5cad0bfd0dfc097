// Content and catalog together: every write passes here, one at a time, so that content is never removed while another request links it.
// With a folder, each change is one line of `journal.jsonl`, written before the change is visible; a killed registry starts again from it.
import { appendFile, mkdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { applyChange, isReferenced, type Catalog, type Change } from './catalog.ts';
import type { ContentStore } from './content-store.ts';
import { diskStore } from './storage-disk.ts';
import { memoryStore } from './storage-memory.ts';

export type Library = {
  catalog: Catalog;
  store: ContentStore;
  /** Runs a task while no other task changes anything; the task makes its changes through `commit`. */
  exclusive: <T>(task: (commit: Commit) => Promise<T>) => Promise<T>;
};

type Commit = (change: Change) => Promise<void>;

export async function openLibrary(dataDir: string | undefined): Promise<Library> {
  if (dataDir === undefined) return makeLibrary(memoryStore(), new Map(), async () => {});
  await mkdir(dataDir, { recursive: true });
  const journal = join(dataDir, 'journal.jsonl');
  const catalog = await replay(journal);
  return makeLibrary(await diskStore(dataDir), catalog, (change) => appendFile(journal, `${JSON.stringify(change)}\n`));
}

function makeLibrary(store: ContentStore, catalog: Catalog, record: Commit): Library {
  let last: Promise<unknown> = Promise.resolve();
  const commit: Commit = async (change) => {
    await record(change);
    applyChange(catalog, change);
    const digest = 'digest' in change ? change.digest : undefined;
    if (digest !== undefined && !isReferenced(catalog, digest)) await store.remove(digest);
  };
  return {
    catalog,
    store,
    exclusive: (task) => {
      const run = last.then(() => task(commit));
      last = run.catch(() => {});
      return run;
    },
  };
}

async function replay(journal: string): Promise<Catalog> {
  const catalog: Catalog = new Map();
  const text = await readFile(journal, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // What follows the last newline is a line that a kill cut short: it never took effect, and the next line must not join it.
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  if (complete !== text) await truncate(journal, Buffer.byteLength(complete));
  for (const line of complete.split('\n').slice(0, -1)) {
    const change: Change = JSON.parse(line);
    applyChange(catalog, change);
  }
  return catalog;
}
