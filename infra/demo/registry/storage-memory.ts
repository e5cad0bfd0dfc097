// Content kept in memory: for tests and for a demo of small images.
import type { ContentStore, Draft, OpenContent } from './content-store.ts';

type Bytes = { chunks: Uint8Array[]; sizeBytes: number };

export function memoryStore(): ContentStore {
  const contents = new Map<string, Bytes>();
  return {
    draft: async () => memoryDraft((digest, bytes) => contents.set(digest, bytes)),
    open: async (digest) => {
      const bytes = contents.get(digest);
      return bytes && openBytes(bytes);
    },
    remove: async (digest) => {
      contents.delete(digest);
    },
  };
}

function memoryDraft(publish: (digest: string, bytes: Bytes) => void): Draft {
  const bytes: Bytes = { chunks: [], sizeBytes: 0 };
  return {
    append: async (chunk) => {
      bytes.chunks.push(chunk);
      bytes.sizeBytes += chunk.length;
    },
    read: () => slices(bytes, 0, bytes.sizeBytes - 1),
    publish: async (digest) => publish(digest, bytes),
    discard: async () => {
      bytes.chunks = [];
    },
  };
}

function openBytes(bytes: Bytes): OpenContent {
  return {
    sizeBytes: bytes.sizeBytes,
    read: (start, end) => slices(bytes, start, end),
    close: async () => {},
  };
}

async function* slices(bytes: Bytes, start: number, end: number): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (const chunk of bytes.chunks) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end + 1 - offset, chunk.length);
    if (from < to) yield chunk.subarray(from, to);
    offset += chunk.length;
  }
}
