// What this process knows about where blobs are: which repositories hold which, and which upload is already under way.
// So a blob crosses to a registry once, and every further repository mounts it.

export type BlobLedger = {
  /** True where that very repository is known to hold the blob. */
  holds(registry: string, repository: string, digest: string): boolean;
  /** Another repository of the registry than that one, if one is known to hold the blob. */
  find(registry: string, digest: string, except: string): string | undefined;
  note(registry: string, repository: string, digest: string): void;
  /** Takes back what was noted, after the registry said otherwise. */
  forget(registry: string, repository: string, digest: string): void;
  /** Settles when the upload of that blob to that registry, if one is under way, has ended in either way. */
  underway(registry: string, digest: string): Promise<void> | undefined;
  /** Declares an upload; the function returned declares its end. */
  lead(registry: string, digest: string): () => void;
};

export function createBlobLedger(): BlobLedger {
  const holders = new Map<string, Set<string>>();
  const uploads = new Map<string, Promise<void>>();
  const keyOf = (registry: string, digest: string) => `${registry} ${digest}`;

  return {
    holds: (registry, repository, digest) => holders.get(keyOf(registry, digest))?.has(repository) ?? false,
    find: (registry, digest, except) =>
      holders
        .get(keyOf(registry, digest))
        ?.values()
        .find((repository) => repository !== except),
    note(registry, repository, digest) {
      const key = keyOf(registry, digest);
      const repositories = holders.get(key);
      if (repositories === undefined) holders.set(key, new Set([repository]));
      else repositories.add(repository);
    },
    forget(registry, repository, digest) {
      holders.get(keyOf(registry, digest))?.delete(repository);
    },
    underway: (registry, digest) => uploads.get(keyOf(registry, digest)),
    lead(registry, digest) {
      const key = keyOf(registry, digest);
      const { promise, resolve } = Promise.withResolvers<void>();
      uploads.set(key, promise);
      return () => {
        // Ended twice, it must not end a later upload of the same blob.
        if (uploads.get(key) === promise) uploads.delete(key);
        resolve();
      };
    },
  };
}
