// Reads everything behind a reference without copying it: the tree of manifests with sizes, and what refers to them.
import { isTransshipError, TransshipError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { cosignTags } from '../oci/fallback-tag.ts';
import { blobsOf, childrenOf, type Manifest } from '../oci/manifest.ts';
import { fetchManifest, findManifest, headManifest } from '../oci/manifests.ts';
import { isManifestType } from '../oci/media-types.ts';
import { listReferrers } from '../oci/referrers.ts';
import { placeOf, type Repository } from '../oci/repository.ts';
import { imagePlatform } from './image-platform.ts';

/** A manifest, or a blob that an index names in place of one. */
export type InspectedNode = {
  kind: 'index' | 'image' | 'artifact' | 'blob' | 'missing';
  digest: string;
  mediaType: string;
  /** Size of the manifest itself, in bytes. */
  sizeBytes: number;
  platform?: Descriptor['platform'];
  artifactType?: string;
  annotations?: Record<string, string>;
  /** Digest of the manifest that this one refers to. */
  subject?: string;
  config?: Descriptor;
  layers?: Descriptor[];
  manifests?: InspectedNode[];
  /** Build attestations of this image; in the index they stand beside it. */
  attestations?: InspectedNode[];
  referrers?: Descriptor[];
  /** Tags of cosign that stand for this digest. */
  digestTags?: { tag: string; digest: string }[];
};

export type Inspection = {
  root: InspectedNode;
  /** Unique content behind the reference; referrers are not counted. */
  totals: { manifests: number; blobs: number; sizeBytes: number };
};

type Followers = Pick<InspectedNode, 'referrers' | 'digestTags'>;

type Walk = {
  repository: Repository;
  referrers: boolean;
  sizes: Map<string, number>;
  manifests: Set<string>;
  /** What was read, by digest: an index may name one manifest many times. */
  read: Map<string, Promise<Manifest | undefined>>;
  followers: Map<string, Promise<Followers>>;
  entries: number;
  lines: number;
};

/** Deeper indexes are shown but not opened. */
const MOST_DEPTH = 4;
/** Limits against small indexes that stand for endless trees: entries of all indexes, and all that the tree shows. */
const MOST_ENTRIES = 2_000;
const MOST_LINES = 20_000;
const NO_FOLLOWERS: Followers = {};
const ATTESTED_DIGEST = 'vnd.docker.reference.digest';

/**
 * Walks the tree below a tag or digest.
 * @throws TransshipError not-found, invalid-manifest for a tree without bounds, and what reading manifests throws
 */
export async function inspectReference(
  repository: Repository,
  reference: string,
  options: { referrers: boolean },
): Promise<Inspection> {
  const manifest = await fetchManifest(repository, reference);
  const walk: Walk = {
    repository,
    referrers: options.referrers,
    sizes: new Map(),
    manifests: new Set(),
    read: new Map([[manifest.digest, Promise.resolve(manifest)]]),
    followers: new Map(),
    entries: 0,
    lines: 0,
  };
  const root = await inspectManifest(walk, manifest, 1);
  const platform = await imagePlatform(repository, manifest);
  const sizeBytes = [...walk.sizes.values()].reduce((sum, size) => sum + size, 0);
  return {
    root: platform === undefined ? root : { ...root, platform },
    totals: { manifests: walk.manifests.size, blobs: walk.sizes.size - walk.manifests.size, sizeBytes },
  };
}

async function inspectManifest(walk: Walk, manifest: Manifest, depth: number): Promise<InspectedNode> {
  const { view, digest, mediaType, bytes } = manifest;
  walk.manifests.add(digest);
  walk.sizes.set(digest, bytes.byteLength);
  const blobs = blobsOf(manifest);
  for (const blob of blobs) walk.sizes.set(blob.digest, blob.size);
  const entries = depth < MOST_DEPTH ? childrenOf(manifest) : [];
  refuseEndless(walk, entries.length, blobs.length);
  const [children, followers] = await Promise.all([
    Promise.all(entries.map((child) => inspectChild(walk, child, depth + 1))),
    walk.referrers ? once(walk.followers, digest, () => followersOf(walk.repository, digest)) : NO_FOLLOWERS,
  ]);
  refuseEndless(walk, 0, followers.referrers?.length ?? 0);
  const artifactType =
    view.artifactType ?? (view.kind === 'image' && !isImageConfig(view.config) ? view.config.mediaType : undefined);
  return {
    kind: view.kind,
    digest,
    mediaType,
    sizeBytes: bytes.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(view.annotations === undefined ? {} : { annotations: view.annotations }),
    ...(view.subject === undefined ? {} : { subject: view.subject.digest }),
    ...(view.kind === 'image' ? { config: view.config, layers: view.layers } : {}),
    ...(view.kind === 'artifact' ? { layers: view.blobs } : {}),
    ...(view.kind === 'index' ? { manifests: withAttestations(children) } : {}),
    ...followers,
  };
}

async function inspectChild(walk: Walk, child: Descriptor, depth: number): Promise<InspectedNode> {
  const { digest, mediaType, size, platform } = child;
  const outline = { digest, mediaType, sizeBytes: size, ...described(child) };
  if (!isManifestType(mediaType)) {
    walk.sizes.set(digest, size);
    return { kind: 'blob', ...outline };
  }
  const manifest = await once(walk.read, digest, () => findManifest(walk.repository, digest));
  if (manifest === undefined) return { kind: 'missing', ...outline };
  const node = await inspectManifest(walk, manifest, depth);
  const annotations = { ...child.annotations, ...node.annotations };
  return {
    ...node,
    ...(platform === undefined ? {} : { platform }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

function once<Value>(known: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

/** Counts what is about to be shown, each time that it is shown. */
function refuseEndless(walk: Walk, entries: number, leaves: number): void {
  walk.entries += entries;
  walk.lines += entries + leaves;
  if (walk.entries <= MOST_ENTRIES && walk.lines <= MOST_LINES) return;
  const { registry, name } = walk.repository;
  const reason =
    walk.entries > MOST_ENTRIES
      ? `it stands for more than ${MOST_ENTRIES} entries`
      : `it would fill more than ${MOST_LINES} lines`;
  throw new TransshipError('invalid-manifest', `${registry.host}/${name}: the manifest cannot be shown: ${reason}`, {
    hint: 'it is broken or hostile; --raw prints its bytes and opens nothing else',
    details: placeOf(walk.repository, 'inspect'),
  });
}

/** Puts each attestation below the image that it names; one whose image is not here stays where it is. */
function withAttestations(children: readonly InspectedNode[]): InspectedNode[] {
  const attested = (node: InspectedNode) => node.annotations?.[ATTESTED_DIGEST];
  const known = new Set(children.filter((node) => attested(node) === undefined).map((node) => node.digest));
  const belongs = (node: InspectedNode) => known.has(attested(node) ?? '');
  return children
    .filter((node) => !belongs(node))
    .map((node) => {
      const attestations = children.filter((other) => belongs(other) && attested(other) === node.digest);
      return attestations.length === 0 ? node : { ...node, attestations };
    });
}

async function followersOf(repository: Repository, digest: string): Promise<Followers> {
  const tags = cosignTags(digest);
  const [{ referrers }, ...heads] = await Promise.all([
    listReferrers(repository, digest),
    ...tags.map((tag) => headManifest(repository, tag).catch(absentIfUnreadable)),
  ]);
  const digestTags = heads.flatMap((head, index) => {
    const tag = tags[index];
    return head === undefined || tag === undefined ? [] : [{ tag, digest: head.digest }];
  });
  return {
    ...(referrers.length === 0 ? {} : { referrers }),
    ...(digestTags.length === 0 ? {} : { digestTags }),
  };
}

/** Some registries answer 403 for tags that are not there. */
function absentIfUnreadable(error: unknown): undefined {
  if (!isTransshipError(error, 'denied', 'unsupported')) throw error;
}

function described({ platform, artifactType, annotations }: Descriptor): Partial<InspectedNode> {
  return {
    ...(platform === undefined ? {} : { platform }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function isImageConfig({ mediaType }: Descriptor): boolean {
  return /^application\/vnd\.(?:oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/.test(mediaType);
}
