// The port behind which bytes are kept: drafts that grow chunk by chunk, and content that is complete and named by its digest.
// One implementation holds memory, one a folder; neither checks digests, which is the business of the callers.

/** Content being received. It stays invisible until `publish`. */
export type Draft = {
  append: (chunk: Uint8Array) => Promise<void>;
  /** Reads back all that was appended, for a second hash. */
  read: () => AsyncIterable<Uint8Array>;
  /** Makes the bytes readable under the digest, at once and whole. */
  publish: (digest: string) => Promise<void>;
  discard: () => Promise<void>;
};

/** Content opened for reading; it stays readable when it is removed meanwhile. */
export type OpenContent = {
  sizeBytes: number;
  /** Bytes from `start` to `end`, both included. */
  read: (start: number, end: number) => AsyncIterable<Uint8Array>;
  close: () => Promise<void>;
};

export type ContentStore = {
  draft: () => Promise<Draft>;
  open: (digest: string) => Promise<OpenContent | undefined>;
  remove: (digest: string) => Promise<void>;
};

/** Reads content whole; only for manifests, never for layers. */
export async function readContent(store: ContentStore, digest: string): Promise<Uint8Array | undefined> {
  const content = await store.open(digest);
  if (content === undefined) return undefined;
  try {
    return Buffer.concat(await Array.fromAsync(content.read(0, content.sizeBytes - 1)));
  } finally {
    await content.close();
  }
}

/** Stores bytes that are at hand under a digest. */
export async function writeContent(store: ContentStore, digest: string, bytes: Uint8Array): Promise<void> {
  const draft = await store.draft();
  await draft.append(bytes);
  await draft.publish(digest);
}
