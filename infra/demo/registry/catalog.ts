// What each repository holds: links to blobs, manifests and tags. State changes only through `applyChange`, so that a journal of changes rebuilds it.

export type ManifestRecord = {
  digest: string;
  mediaType: string;
  sizeBytes: number;
  /** Digest of the subject, if the manifest has one; its target need not exist. */
  subject?: string;
  artifactType?: string;
  annotations?: Record<string, string>;
};

type RepositoryRecord = {
  blobs: Set<string>;
  manifests: Map<string, ManifestRecord>;
  /** Digest by tag. */
  tags: Map<string, string>;
};

export type Catalog = Map<string, RepositoryRecord>;

/** One step from a consistent state to the next; a manifest and its tags appear together. */
export type Change =
  | { type: 'blob-added'; repository: string; digest: string }
  | { type: 'blob-removed'; repository: string; digest: string }
  | { type: 'manifest-added'; repository: string; manifest: ManifestRecord; tags: readonly string[] }
  | { type: 'manifest-removed'; repository: string; digest: string }
  | { type: 'tag-removed'; repository: string; tag: string };

export function applyChange(catalog: Catalog, change: Change): void {
  const repository = catalog.get(change.repository) ?? { blobs: new Set(), manifests: new Map(), tags: new Map() };
  catalog.set(change.repository, repository);
  switch (change.type) {
    case 'blob-added':
      repository.blobs.add(change.digest);
      return;
    case 'blob-removed':
      repository.blobs.delete(change.digest);
      return;
    case 'manifest-added':
      repository.manifests.set(change.manifest.digest, change.manifest);
      for (const tag of change.tags) repository.tags.set(tag, change.manifest.digest);
      return;
    case 'manifest-removed':
      repository.manifests.delete(change.digest);
      for (const [tag, digest] of repository.tags) {
        if (digest === change.digest) repository.tags.delete(tag);
      }
      return;
    case 'tag-removed':
      repository.tags.delete(change.tag);
  }
}

/** True while any repository links the content. */
export function isReferenced(catalog: Catalog, digest: string): boolean {
  for (const repository of catalog.values()) {
    if (repository.blobs.has(digest) || repository.manifests.has(digest)) return true;
  }
  return false;
}

/** Finds a manifest by tag or digest. */
export function findManifest(catalog: Catalog, name: string, reference: string): ManifestRecord | undefined {
  const repository = catalog.get(name);
  return repository?.manifests.get(repository.tags.get(reference) ?? reference);
}
