// A disk without room: new work is refused in words, work in progress ends, nothing is lost, and room heals it.
import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqliteJobStore } from '../../../infra/node/sqlite-job-store.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';
import { newFolder } from '../../support/jobs/sqlite-subject.ts';

const DISK_MIB = 12;

it('refuses new work, ends what runs, and recovers', { timeout: 60_000 }, async (context) => {
  const disk = await newFolder();
  // a disk of its own needs the right to mount one
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]).status === 0;
  if (!mounted) context.skip('no right to mount a small disk');
  try {
    const clock = manualClock();
    const store = await openSqliteJobStore({ dataDir: join(disk, 'data'), clock, ballastBytes: 2 * 1024 * 1024 });
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

    // the room that was kept back lets this end
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

    const reopened = await openSqliteJobStore({ dataDir: join(disk, 'data'), ballastBytes: 4096 });
    for (const one of accepted) expect(await reopened.get(one)).toBeDefined();
    expect((await reopened.counts()).accepted).toBe(accepted.length);
    await reopened.close();
  } finally {
    spawnSync('umount', [disk]);
    await rm(disk, { recursive: true });
  }
});

/** Does it until it fails. */
async function firstFailure(act: () => Promise<void>): Promise<unknown> {
  for (let count = 0; count < 1000; count += 1) {
    try {
      await act();
    } catch (error) {
      return error;
    }
  }
  return undefined;
}
