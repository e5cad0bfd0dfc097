// A power cut can leave any beginning of the log: the store opens with everything up to there, whole, and nothing after.
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqliteJobStore } from '../../support/jobs/sqlite-job-store.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';

const JOBS = 3;
/** https://sqlite.org/fileformat2.html#the_write_ahead_log */
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

it('opens with a whole beginning of the work, wherever the log was cut', { timeout: 120_000 }, async () => {
  const folder = await newFolder();
  const whole = join(folder, 'whole');
  // its clock stands still, so that the log is never written back
  const store = await openSqliteJobStore({ dataDir: whole, clock: manualClock(), ballastBytes: 4096 });
  const ids: string[] = [];
  for (let count = 0; count < JOBS; count += 1) {
    ids.push((await store.accept({ kind: 'mirror', targets: [`t${count}`], payload: count })).id);
    const [claimed] = await store.claim('mirror', 1, 45_000);
    await store.complete(claimed!.lease, count, [{ type: 'done', body: count }]);
  }
  const log = await readFile(join(whole, 'jobs.sqlite-wal'));
  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
  const frames = (log.length - LOG_HEADER_BYTES) / frameBytes;
  expect(frames).toBeGreaterThan(60);

  let longest = 0;
  for (let frame = 0; frame <= frames; frame += 1) {
    // at the edge of a frame, and in the middle of the next one
    for (const cut of [LOG_HEADER_BYTES + frame * frameBytes, LOG_HEADER_BYTES + (frame + 0.5) * frameBytes]) {
      const dataDir = join(folder, `cut-${cut}`);
      await mkdir(dataDir);
      await copyFile(join(whole, 'jobs.sqlite'), join(dataDir, 'jobs.sqlite'));
      await writeFile(join(dataDir, 'jobs.sqlite-wal'), log.subarray(0, cut));
      const kept = await whatIsLeft(dataDir);
      expect(kept.ids).toEqual(ids.slice(0, kept.ids.length));
      expect(kept.messages).toBe(kept.done);
      expect(kept.ids.length).toBeGreaterThanOrEqual(longest);
      longest = kept.ids.length;
      await rm(dataDir, { recursive: true });
    }
  }
  expect(longest).toBe(JOBS);
  await store.close();
  await rm(folder, { recursive: true });
});

async function whatIsLeft(dataDir: string): Promise<{ ids: string[]; done: number; messages: number }> {
  const store = await openSqliteJobStore({ dataDir, ballastBytes: 4096 });
  const { jobs } = await store.list({}, 100);
  const messages = await store.outbox(new Date(Date.now() + 1000), 100);
  await store.close();
  return {
    ids: jobs.reverse().map(({ id }) => id),
    done: jobs.filter(({ state }) => state === 'DONE').length,
    messages: messages.length,
  };
}
