// A file that only takes up room. On a full disk SQLite can neither delete nor write its log back; giving this room up lets work in
// progress end and be removed. New work is refused until the room is there again.
import { randomFillSync } from 'node:crypto';
import { open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { rmSync, statSync } from 'node:fs';

export type Ballast = {
  isIntact(): boolean;
  /** Gives the room to the store, at once. */
  drop(): void;
  /** Tries to take it again; a disk that is still full leaves everything as it is. */
  restore(): Promise<void>;
};

export function ballast(file: string, sizeBytes: number): Ballast {
  let intact = sizeOf(file) === sizeBytes;
  let restoring: Promise<void> | undefined;
  return {
    isIntact: () => intact,
    drop() {
      intact = false;
      for (const one of [file, draftOf(file)]) rmSync(one, { force: true });
    },
    restore() {
      restoring ??= (async () => {
        intact ||= await fill(file, sizeBytes);
        restoring = undefined;
      })();
      return restoring;
    },
  };
}

const SPARE = 1.5;

/** Random bytes: a file system that compresses would keep no room for zeros. */
async function fill(file: string, sizeBytes: number): Promise<boolean> {
  const draft = draftOf(file);
  const chunk = randomFillSync(Buffer.allocUnsafe(1024 * 1024));
  try {
    // what a killed process had begun to write takes room for nothing
    await rm(draft, { force: true });
    const { bavail, bsize } = await statfs(dirname(file));
    // an attempt that fills the disk would take the room that running work needs meanwhile
    if (bavail * bsize < sizeBytes * SPARE) return false;
    await using handle = await open(draft, 'w', 0o600);
    for (let left = sizeBytes; left > 0; left -= chunk.length) {
      await handle.writeFile(chunk.subarray(0, Math.min(left, chunk.length)));
    }
    await handle.sync();
    await rename(draft, file);
    return true;
  } catch {
    await rm(draft, { force: true }).catch(() => {});
    return false;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function draftOf(file: string): string {
  return `${file}.new`;
}
