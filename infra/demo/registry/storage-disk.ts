// Content kept in a folder: `drafts/<id>` while it is received, `content/<algorithm>/<hex>` once complete. A rename makes it visible.
// Memory stays constant: nothing holds more than one chunk.
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ContentStore, Draft, OpenContent } from './content-store.ts';

const READ_BYTES = 256 * 1024;

/** Opens the folder; drafts that an earlier run left are removed, since their sessions are gone. */
export async function diskStore(dataDir: string): Promise<ContentStore> {
  const drafts = join(dataDir, 'drafts');
  await rm(drafts, { recursive: true, force: true });
  await mkdir(drafts, { recursive: true });
  const pathOf = (digest: string): string => join(dataDir, 'content', ...digest.split(':'));
  return {
    draft: () => diskDraft(join(drafts, randomUUID()), pathOf),
    open: (digest) => openFile(pathOf(digest)),
    remove: (digest) => rm(pathOf(digest), { force: true }),
  };
}

async function diskDraft(path: string, pathOf: (digest: string) => string): Promise<Draft> {
  const file = await open(path, 'wx+');
  let sizeBytes = 0;
  return {
    append: async (chunk) => {
      await writeAll(file, chunk, sizeBytes);
      sizeBytes += chunk.length;
    },
    read: () => readRange(file, 0, sizeBytes - 1),
    publish: async (digest) => {
      await file.close();
      await mkdir(dirname(pathOf(digest)), { recursive: true });
      await rename(path, pathOf(digest));
    },
    discard: async () => {
      await file.close();
      await rm(path, { force: true });
    },
  };
}

async function openFile(path: string): Promise<OpenContent | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  return {
    sizeBytes: (await file.stat()).size,
    read: (start, end) => readRange(file, start, end),
    close: () => file.close(),
  };
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await file.write(chunk, written, chunk.length - written, position + written);
    written += bytesWritten;
  }
}

async function* readRange(file: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  let position = start;
  while (position <= end) {
    // A new buffer each time: the socket may still hold the one before.
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end + 1 - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
