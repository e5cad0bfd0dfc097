// A hash whose state can be kept and loaded again in another process, which node:crypto cannot. Several times slower than that one:
// for large blobs only. Loaded lazily, because a plain copy never needs it.
import { parseDigest } from '../oci/digest.ts';

export type ResumableHash = {
  update(bytes: Uint8Array): void;
  /** What was hashed so far, for `loadHash`; about 120 bytes. */
  save(): Uint8Array;
  /** Hexadecimal; ends the hash. */
  digest(): string;
};

/** Names the form of the saved state; a unit test holds it to the installed version. */
export const HASH_LIBRARY = 'hash-wasm 4.13.0';

/** @param state of `save`; throws where another build of the library wrote it */
export async function openHash(digest: string, state?: Uint8Array): Promise<ResumableHash> {
  const { createSHA256, createSHA512 } = await import('hash-wasm');
  const hasher = await (parseDigest(digest).algorithm === 'sha256' ? createSHA256() : createSHA512());
  if (state === undefined) hasher.init();
  else hasher.load(state);
  return {
    update: (bytes) => void hasher.update(bytes),
    save: () => hasher.save(),
    digest: () => hasher.digest(),
  };
}
