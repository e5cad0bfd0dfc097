// A disk without room: new work is refused in words, work in progress ends, nothing is lost, and room heals it.
import { spawnSync } from 'node:child_process';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteJobStore } from '../../support/jobs/sqlite-job-store.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';

const DISK_MIB = 12;

const SMALL_BALLAST = { ballastBytes: 2 * 1024 * 1024 };
let disk = '';
let isMounted = false;
beforeEach(async () => {
  disk = await newFolder();
  isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]).status === 0;
});
afterEach(async () => {
  // lazily: a failed test leaves its store open
  if (isMounted) spawnSync('umount', ['-l', disk]);
  await rm(disk, { recursive: true });
});

it('refuses new work, ends what runs, and recovers', { timeout: 60_000 }, async (context) => {
  // a disk of its own needs the right to mount one
  if (!isMounted) context.skip('no right to mount a small disk');
  const clock = manualClock();
  const dataDir = join(disk, 'data');
  const store = await openSqliteJobStore({ dataDir, clock, ...SMALL_BALLAST });
  const { id } = await store.accept({ kind: 'mirror', payload: 'running' });
  const [running] = await store.claim('mirror', 1, 45_000);
  expect(store.unreadyReason()).toBeUndefined();

  const filler = join(disk, 'filler');
  await writeFile(filler, Buffer.alloc(7 * 1024 * 1024));
  const accepted = [id];
  const refusal = await firstFailure(async () => {
    accepted.push((await store.accept({ kind: 'mirror', payload: 'x'.repeat(50_000) })).id);
  });
  expect(refusal).toMatchObject({ code: 'store-unavailable', retryable: true, retryAfterMs: 5000 });
  expect(refusal).toMatchObject({ message: expect.stringContaining('the disk is full') as string });
  expect(store.unreadyReason()).toBe('the disk is full');
  await expect(store.accept({ kind: 'mirror', payload: 1 })).rejects.toMatchObject({ code: 'store-unavailable' });

  // the room that was kept back lets this end, also while the disk stays full
  await clock.advance(10_000);
  expect(store.unreadyReason()).toBe('the disk is full');
  await store.complete(running!.lease, 'done');
  expect((await store.get(id))?.state).toBe('DONE');

  await rm(filler);
  // the ballast is written in the background
  await expect
    .poll(async () => {
      await clock.advance(2000);
      return store.unreadyReason();
    })
    .toBeUndefined();
  accepted.push((await store.accept({ kind: 'mirror', payload: 'again' })).id);
  await store.close();

  const reopened = await openSqliteJobStore({ dataDir, ballastBytes: 4096 });
  for (const one of accepted) expect(await reopened.get(one)).toBeDefined();
  expect((await reopened.counts()).accepted).toBe(accepted.length);
  await reopened.close();
});

it('starts on a full disk, so that what runs can end', async (context) => {
  // a disk of its own needs the right to mount one
  if (!isMounted) context.skip('no right to mount a small disk');
  const dataDir = join(disk, 'data');
  const before = await openSqliteJobStore({ dataDir, ...SMALL_BALLAST });
  await before.accept({ kind: 'mirror', payload: null });
  await before.claim('mirror', 1, 45_000);
  await before.close();
  const filler = await firstFailure(() => appendFile(join(disk, 'filler'), Buffer.alloc(16 * 1024)));
  expect(filler).toMatchObject({ code: 'ENOSPC' });

  const store = await openSqliteJobStore({ dataDir, ...SMALL_BALLAST });
  expect(store.unreadyReason()).toBe('the disk is full');
  const [claimed] = await store.claim('mirror', 1, 45_000);
  await store.complete(claimed!.lease);
  expect(await store.get(claimed!.job.id)).toMatchObject({ state: 'DONE', fence: 2 });
  await store.close();
});

/** Does it until it fails. */
async function firstFailure(act: () => Promise<void>): Promise<unknown> {
  for (let count = 0; count < 2000; count += 1) {
    try {
      await act();
    } catch (error) {
      return error;
    }
  }
  return undefined;
}
