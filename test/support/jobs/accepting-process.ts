// A process that accepts and works on jobs until it is killed, and prints what was acknowledged to it, in lines: `accepted KEY ID`,
// `claimed ID FENCE`, `done ID`. Arguments: the data folder, a prefix for keys, how many clients, and how many jobs at most.
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { openSqliteJobStore } from './sqlite-job-store.ts';

const [dataDir = '', prefix = '', clients = '8', most = 'Infinity'] = process.argv.slice(2);
const store = await openSqliteJobStore({ dataDir, ballastBytes: 4096 });
let count = 0;

/** Written before the call returns: what a client was told, it knows, even when this process ends now. */
function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

async function acceptMany(): Promise<void> {
  while (count < Number(most)) {
    count += 1;
    const key = `${prefix}-${count}`;
    const { id } = await store.accept({ kind: 'mirror', targets: [`target-${count % 500}`], payload: { key } }, key);
    tell(`accepted ${key} ${id}`);
  }
}

async function workMany(): Promise<void> {
  while (count < Number(most)) {
    for (const { job, lease } of await store.claim('mirror', 4, 45_000)) {
      tell(`claimed ${job.id} ${lease.fence}`);
      // Some are left to the next process, with their lease.
      if (job.id.endsWith('0')) continue;
      await store.checkpoint(lease, { half: true });
      await store.complete(lease, { ok: true }, [{ type: 'image.mirrored', body: { id: job.id } }]);
      tell(`done ${job.id}`);
    }
    await setImmediate();
  }
}

tell('open');
await Promise.all([...Array.from({ length: Number(clients) }, acceptMany), workMany()]);
await store.close();
tell('closed');
