// How many jobs a second are accepted durably. The number is printed; only a machine far too slow for any use fails.
import { rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openSqliteJobStore } from '../../support/jobs/sqlite-job-store.ts';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';

const JOBS = 12_000;
const CLIENTS = 64;
const LEAST_PER_SECOND = 300;

it('accepts jobs fast', { timeout: 120_000 }, async () => {
  const dataDir = await newFolder();
  const store = await openSqliteJobStore({ dataDir });
  const waits: number[] = [];
  let left = JOBS;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const start = performance.now();
      const payload = { event: { repository: 'library/app', tag: `v${left}`, filler: 'x'.repeat(1000) } };
      await store.accept({ kind: 'mirror', targets: [`r.example/app:v${left}`], payload }, `key-${left}`);
      waits.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const perSecond = Math.round((JOBS / (performance.now() - start)) * 1000);
  waits.sort((one, other) => one - other);
  const p99 = waits[Math.floor(JOBS * 0.99)] ?? 0;
  console.log(`${perSecond} jobs a second accepted durably by ${CLIENTS} clients, p99 ${p99.toFixed(1)} ms`);
  await store.close();
  await rm(dataDir, { recursive: true });
  expect(perSecond).toBeGreaterThan(LEAST_PER_SECOND);
});
