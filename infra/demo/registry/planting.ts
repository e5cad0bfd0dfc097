// Puts content into a running registry past its checks: what a test needs at hand, and what an honest client could not push.
import { createHash } from 'node:crypto';
import { readContent, writeContent } from './content-store.ts';
import type { Library } from './library.ts';
import { parseManifest } from './manifest-document.ts';

export type Planting = {
  /** Stores a blob; a `digest` that is not that of the bytes makes the registry lie. Gives the digest. */
  plantBlob(repository: string, bytes: Uint8Array, digest?: string): Promise<string>;
  /** Stores a manifest under tags and its digest, unchecked; with `digest`, under that one. Gives the digest. */
  plantManifest(repository: string, bytes: Uint8Array, manifest: PlantedManifest): Promise<string>;
  /** Bytes stored under a digest, whatever the repository. */
  bytesOf(digest: string): Promise<Uint8Array | undefined>;
};

type PlantedManifest = { mediaType: string; tags?: readonly string[]; digest?: string };

export function planting(library: Library): Planting {
  return {
    plantBlob: async (repository, bytes, digest = sha256(bytes)) =>
      library.exclusive(async (commit) => {
        await writeContent(library.store, digest, bytes);
        await commit({ type: 'blob-added', repository, digest });
        return digest;
      }),
    plantManifest: async (repository, bytes, { mediaType, tags = [], digest = sha256(bytes) }) =>
      library.exclusive(async (commit) => {
        const manifest = { ...readableRecord(bytes, mediaType), digest, mediaType, sizeBytes: bytes.length };
        await writeContent(library.store, digest, bytes);
        await commit({ type: 'manifest-added', repository, manifest, tags });
        return digest;
      }),
    bytesOf: (digest) => readContent(library.store, digest),
  };
}

/** Subject and annotations where the bytes have them; nothing where they are no manifest at all. */
function readableRecord(bytes: Uint8Array, mediaType: string): object {
  try {
    return parseManifest(bytes, mediaType, 'sha256').record;
  } catch {
    return {};
  }
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
