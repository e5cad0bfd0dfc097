// Opens the store of a server, and says which folder another one owns.
import { TransshipError, isTransshipError } from '../../../shared/errors.ts';
import type { JobChange } from '../../../shared/jobs/job-store.ts';
import type { RemoteStore } from '../store-thread/remote-store.ts';
import { openThreadedStore } from '../threaded-store.ts';

/** @throws TransshipError store-locked, store-unavailable; both name the folder */
export async function openStore(dataDir: string, onChange: (change: JobChange) => void): Promise<RemoteStore> {
  try {
    return await openThreadedStore({ dataDir, onChange });
  } catch (error) {
    if (isTransshipError(error, 'store-locked')) {
      throw new TransshipError('store-locked', `another process owns the data folder ${dataDir}`, {
        hint: 'one server owns a data folder: stop that one, or give this one another dataDir',
        cause: error,
      });
    }
    if (!isTransshipError(error)) throw error;
    const { hint } = error;
    throw new TransshipError(error.code, `${dataDir}: ${error.message}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}
