// The SQLite store on a thread of its own: SQLite's calls block whoever makes them, and a server that answers hooks by the thousand has
// better things to do meanwhile.
import { Worker } from 'node:worker_threads';
import { TransshipError } from '../../shared/errors.ts';
import type { JobChange } from '../../shared/jobs/job-store.ts';
import { remoteStore, type RemoteStore } from './store-thread/remote-store.ts';

export type ThreadedStoreOptions = {
  /** As `SqliteStoreOptions` has it. */
  dataDir: string;
  /** Called after each commit, for every change in it. */
  onChange: (change: JobChange) => void;
  /** The file that the thread runs; tests have others. */
  thread?: URL;
};

const THREAD = new URL('./store-thread/thread.ts', import.meta.url);

/** @throws TransshipError store-locked where another process owns the folder, store-unavailable where it cannot be used */
export async function openThreadedStore(options: ThreadedStoreOptions): Promise<RemoteStore> {
  const { dataDir, onChange, thread: file = THREAD } = options;
  const thread = new Worker(file, { workerData: { dataDir } });
  const { store, opened, lost } = remoteStore(thread, onChange);
  thread.on('error', (error) => lost(ended(error)));
  thread.on('exit', () => lost(ended()));
  try {
    await opened;
  } catch (error) {
    await thread.terminate();
    throw error;
  }
  return {
    ...store,
    async close() {
      await store.close();
      lost(new TransshipError('store-unavailable', 'the job store is closed'));
      await thread.terminate();
    },
  };
}

function ended(cause?: unknown): TransshipError {
  return new TransshipError('store-unavailable', 'the thread of the job store has ended', {
    hint: 'restart the server',
    ...(cause === undefined ? {} : { cause }),
  });
}
