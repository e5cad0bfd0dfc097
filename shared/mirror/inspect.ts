// Reads everything behind a reference without copying it: the tree of manifests with sizes, and what refers to them.
import { isTransshipError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { cosignTags } from '../oci/fallback-tag.ts';
import { blobsOf, childrenOf, type Manifest } from '../oci/manifest.ts';
import { fetchManifest, findManifest, headManifest } from '../oci/manifests.ts';
import { isManifestType } from '../oci/media-types.ts';
import { listReferrers } from '../oci/referrers.ts';
import type { Repository } from '../oci/repository.ts';
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

type Walk = { repository: Repository; referrers: boolean; sizes: Map<string, number>; manifests: Set<string> };

/** Deeper indexes are shown but not opened. */
const MOST_DEPTH = 4;
const ATTESTED_DIGEST = 'vnd.docker.reference.digest';

/** Walks the tree below a tag or digest. @throws TransshipError not-found and what reading manifests throws */
export async function inspectReference(
  repository: Repository,
  reference: string,
  options: { referrers: boolean },
): Promise<Inspection> {
  const manifest = await fetchManifest(repository, reference);
  const walk: Walk = { repository, referrers: options.referrers, sizes: new Map(), manifests: new Set() };
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
  for (const blob of blobsOf(manifest)) walk.sizes.set(blob.digest, blob.size);
  const [children, followers] = await Promise.all([
    depth < MOST_DEPTH ? Promise.all(childrenOf(manifest).map((child) => inspectChild(walk, child, depth + 1))) : [],
    walk.referrers ? followersOf(walk.repository, digest) : {},
  ]);
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
  const manifest = await findManifest(walk.repository, digest);
  if (manifest === undefined) return { kind: 'missing', ...outline };
  const node = await inspectManifest(walk, manifest, depth);
  const annotations = { ...child.annotations, ...node.annotations };
  return {
    ...node,
    ...(platform === undefined ? {} : { platform }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
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

async function followersOf(
  repository: Repository,
  digest: string,
): Promise<Pick<InspectedNode, 'referrers' | 'digestTags'>> {
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
