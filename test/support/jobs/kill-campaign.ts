// Kills a process that accepts jobs, at random moments, and checks what the next one finds: everything that was acknowledged is there,
// no fence was given twice, nothing that was done is undone, and the sums are right.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSqliteJobStore, type SqliteJobStore } from './sqlite-job-store.ts';
import { startProcess } from '../child-processes.ts';
import { seededRandom } from './seeded-random.ts';
import { newFolder } from './sqlite-subject.ts';

export type CampaignReport = {
  seed: number;
  kills: number;
  acknowledged: number;
  done: number;
  /** What must be empty: one line for every acknowledged thing that is not as it was told. */
  wrong: string[];
};

const PROCESS = fileURLToPath(new URL('accepting-process.ts', import.meta.url));
const LONGEST_LIFE_MS = 400;

export async function killCampaign(kills: number, seed: number): Promise<CampaignReport> {
  const random = seededRandom(seed);
  const dataDir = await newFolder();
  const told = { accepted: new Map<string, string>(), done: new Set<string>(), fences: new Map<string, number>() };
  const wrong: string[] = [];

  function onLine(line: string): void {
    const [what, name = '', value = ''] = line.split(' ');
    if (what === 'accepted') told.accepted.set(name, value);
    if (what === 'done') told.done.add(name);
    if (what !== 'claimed') return;
    if (Number(value) <= (told.fences.get(name) ?? 0)) wrong.push(`fence ${value} of ${name} was given twice`);
    if (told.done.has(name)) wrong.push(`${name} was claimed after it was done`);
    told.fences.set(name, Number(value));
  }

  for (let kill = 0; kill < kills; kill += 1) {
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    const running = startProcess(process.execPath, [PROCESS, dataDir, `run${kill}`], {
      onLine: (line) => (line === 'open' ? resolve() : onLine(line)),
    });
    await Promise.race([opened, once(running.process, 'close')]);
    if (running.hasEnded()) throw new Error(`the process ended by itself: ${running.lastWords()}`);
    await delay(random() * LONGEST_LIFE_MS);
    await running.end('SIGKILL');
  }

  const store = await openSqliteJobStore({ dataDir, ballastBytes: 4096 });
  wrong.push(...(await compare(store, told.accepted, told.done, told.fences)));
  await store.close();
  await rm(dataDir, { recursive: true });
  return { seed, kills, acknowledged: told.accepted.size, done: told.done.size, wrong };
}

async function compare(
  store: SqliteJobStore,
  accepted: ReadonlyMap<string, string>,
  done: ReadonlySet<string>,
  fences: ReadonlyMap<string, number>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [key, id] of accepted) {
    const job = await store.get(id);
    const { state, fence = 0 } = job ?? {};
    if (job === undefined) wrong.push(`${key} is lost`);
    if (done.has(id) && state !== 'DONE') wrong.push(`${key} was done and is ${state}`);
    if (fence < (fences.get(id) ?? 0)) wrong.push(`the fence of ${key} fell to ${fence}`);
  }
  const repeated = await Promise.all(
    [...accepted].map(async ([key, id]) => ({ key, id, again: await store.accept({ kind: 'x', payload: null }, key) })),
  );
  for (const { key, id, again } of repeated)
    if (again.isNew || again.id !== id) wrong.push(`${key} is not known any more`);
  const counts = await store.counts();
  const total = Object.values(counts.states).reduce((sum, count) => sum + count, 0);
  if (counts.accepted !== total) wrong.push(`${counts.accepted} were accepted, ${total} are there`);
  return wrong;
}
