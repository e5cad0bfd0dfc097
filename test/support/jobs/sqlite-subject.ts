// The SQLite store under the contract suites. A kill is a copy of its files at a moment between two commits: what the system has of
// them is what a killed process leaves.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { OpenedStore, StoreSubject } from './store-subject.ts';

/** Enough to be there; tests of a full disk take more. */
const BALLAST_BYTES = 4096;

export const sqliteSubject: StoreSubject = {
  name: 'SQLite',
  open: async (clock) => openIn(await newFolder(), clock),
  freesLeasesAtStart: true,
};

export function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'transship-jobs-'));
}

async function openIn(dataDir: string, clock: Clock): Promise<OpenedStore> {
  const options = {
    dataDir,
    clock,
    ballastBytes: BALLAST_BYTES,
    pace: (commit: () => void) => void setImmediate(commit),
  };
  const { jobs, close, ...others } = await openSqliteStore(options);
  const remove = async (): Promise<void> => {
    await close();
    await rm(dataDir, { recursive: true });
  };
  return {
    ...others,
    store: jobs,
    remove,
    async crash() {
      const left = await newFolder();
      await cp(dataDir, left, { recursive: true });
      await remove();
      return openIn(left, clock);
    },
  };
}
