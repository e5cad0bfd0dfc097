// Everything that one source reference stands for: its manifest, the manifests below it, and the blobs that they name.
// Reads manifests only; which blobs must move, and where, is decided later.
import { TransshipError, isTransshipError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { blobsOf, childrenOf, embeddedContent, parseManifest } from '../oci/manifest.ts';
import type { Manifest } from '../oci/manifest.ts';
import { fetchManifest } from '../oci/manifests.ts';
import { isForeignLayerType, isManifestType } from '../oci/media-types.ts';
import { placeOf } from '../oci/repository.ts';
import type { Repository } from '../oci/repository.ts';
import { rewriteIndex } from './rewrite.ts';
import { selectPlatforms } from './select-platforms.ts';
import type { PlatformMode } from './copy-types.ts';

export type Artifact = {
  /** What the target's tag will name: the source's own bytes, or the rewritten index. */
  root: Manifest;
  /** All manifests in the order in which they may be written: children before what names them, the root last. */
  manifests: Manifest[];
  /** The blobs that a manifest of the list names itself, by its digest. */
  blobsOf: ReadonlyMap<string, readonly Descriptor[]>;
};

export type ArtifactOptions = {
  platforms?: { include: readonly string[]; mode: PlatformMode };
  foreignLayers: boolean;
};

/** Limits against hostile indexes: levels below the root, and manifests in all. */
const DEEPEST_INDEX = 4;
const MOST_MANIFESTS = 1_000;
/** Children of one index that are read at the same time. */
const CHILDREN_AT_ONCE = 8;

type Walk = { source: Repository; options: ArtifactOptions; seen: Map<string, Promise<Manifest>> };

/**
 * Reads all manifests below a root.
 * @throws TransshipError no-matching-platform, invalid-manifest, and what reading manifests throws
 */
export async function readArtifact(source: Repository, root: Manifest, options: ArtifactOptions): Promise<Artifact> {
  const walk: Walk = { source, options, seen: new Map() };
  const manifests = new Map<string, Manifest>();
  const blobs = new Map<string, Descriptor[]>();
  const sizes = new Map<string, number>();
  const visits = new Map<string, Promise<Manifest | undefined>>();
  const written = await visit(root, 0);
  return { root: written, manifests: [...manifests.values()], blobsOf: blobs };

  /** Collects what is below a manifest, then the manifest; returns it as it will be written. */
  async function visit(manifest: Manifest, depth: number): Promise<Manifest> {
    if (depth > DEEPEST_INDEX) throw refused(source, `its indexes nest deeper than ${DEEPEST_INDEX} levels`);
    const chosen = chosenChildren(manifest, walk);
    const dropped = new Set<string>();
    const replaced = new Map<string, Manifest>();
    for (const [entry, child] of await readChildren(chosen, walk)) {
      const after = await visitOnce(child, depth + 1);
      if (after === undefined) dropped.add(entry.digest);
      else if (after.digest !== entry.digest) replaced.set(entry.digest, after);
    }
    const left = chosen.filter(({ digest }) => !dropped.has(digest));
    if (dropped.size > 0 && left.length === 0) selectPlatforms({ manifests: [] }, options.platforms?.include ?? []);
    const rewrite = options.platforms?.mode === 'rewrite' && manifest.view.kind === 'index';
    const final = rewrite ? rewriteIndex(manifest, left, replaced) : manifest;
    manifests.set(final.digest, final);
    // BuildKit's cache indexes name blobs among their entries.
    const named = [...blobsOf(manifest), ...left.filter(({ mediaType }) => !isManifestType(mediaType))];
    blobs.set(final.digest, named.filter(isWanted));
    return final;
  }

  /** A small index can name another a thousand times, that one a third, and so on; what is below does not change. */
  function visitOnce(child: Manifest, depth: number): Promise<Manifest | undefined> {
    const key = `${depth} ${child.digest}`;
    const visited = visits.get(key) ?? visitUnlessOfOtherPlatforms(child, depth);
    visits.set(key, visited);
    return visited;
  }

  /** A nested index may hold none of the platforms as long as others do. */
  async function visitUnlessOfOtherPlatforms(child: Manifest, depth: number): Promise<Manifest | undefined> {
    try {
      return await visit(child, depth);
    } catch (error) {
      if (isTransshipError(error, 'no-matching-platform')) return undefined;
      throw error;
    }
  }

  function isWanted(blob: Descriptor): boolean {
    if (isForeignLayerType(blob.mediaType) && !options.foreignLayers) return false;
    if ((sizes.get(blob.digest) ?? blob.size) !== blob.size)
      throw refused(source, `it names ${blob.digest} with two sizes`);
    sizes.set(blob.digest, blob.size);
    return true;
  }
}

/** All entries of an index, or those of the chosen platforms; `keep` only checks that the platforms are there. */
function chosenChildren(manifest: Manifest, { options: { platforms } }: Walk): Descriptor[] {
  const all = childrenOf(manifest);
  if (platforms === undefined || manifest.view.kind !== 'index') return all;
  const chosen = selectPlatforms(manifest.view, platforms.include);
  return platforms.mode === 'keep' ? all : chosen;
}

/** The manifests among the entries, in order. */
async function readChildren(entries: readonly Descriptor[], walk: Walk): Promise<[Descriptor, Manifest][]> {
  const children = entries.filter(({ mediaType }) => isManifestType(mediaType));
  const read: [Descriptor, Manifest][] = [];
  for (let start = 0; start < children.length; start += CHILDREN_AT_ONCE) {
    const batch = children.slice(start, start + CHILDREN_AT_ONCE);
    read.push(
      ...(await Promise.all(
        batch.map(async (entry) => [entry, await readChild(entry, walk)] as [Descriptor, Manifest]),
      )),
    );
  }
  return read;
}

function readChild(descriptor: Descriptor, walk: Walk): Promise<Manifest> {
  const known = walk.seen.get(descriptor.digest);
  if (known !== undefined) return known;
  if (walk.seen.size >= MOST_MANIFESTS) throw refused(walk.source, `it has more than ${MOST_MANIFESTS} manifests`);
  const reading = readManifestOf(descriptor, walk.source);
  walk.seen.set(descriptor.digest, reading);
  return reading;
}

async function readManifestOf(descriptor: Descriptor, source: Repository): Promise<Manifest> {
  const embedded = embeddedContent(descriptor);
  if (embedded !== undefined) return { ...parseManifest(embedded, descriptor.mediaType), digest: descriptor.digest };
  const manifest = await fetchManifest(source, descriptor.digest);
  if (manifest.bytes.byteLength !== descriptor.size) {
    throw refused(
      source,
      `its entry ${descriptor.digest} has ${manifest.bytes.byteLength} bytes instead of ${descriptor.size}`,
    );
  }
  return manifest;
}

function refused(source: Repository, reason: string): TransshipError {
  const place = `${source.registry.host}/${source.name}`;
  return new TransshipError('invalid-manifest', `${place}: the index cannot be copied: ${reason}`, {
    hint: 'the index is broken or hostile; nothing was written',
    details: placeOf(source, 'read index'),
  });
}
