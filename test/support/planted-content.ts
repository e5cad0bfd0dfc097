// Content of any shape for the in-process registry: blobs and manifests planted past its checks, and all of an artifact read back.
import { createHash } from 'node:crypto';
import type { RunningRegistry } from '../../infra/demo/registry.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';

export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
export const ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';
export const CONFIG = 'application/vnd.oci.image.config.v1+json';
export const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const EMPTY = 'application/vnd.oci.empty.v1+json';

type Algorithm = 'sha256' | 'sha512';

/** Where content is planted. */
export type Place = { registry: RunningRegistry; repository: string };

export async function plantBlob(
  { registry, repository }: Place,
  content: string | Uint8Array,
  { mediaType = LAYER, algorithm = 'sha256' }: { mediaType?: string; algorithm?: Algorithm } = {},
): Promise<Descriptor> {
  const bytes = Buffer.from(content);
  const digest = await registry.plantBlob(repository, bytes, digestOf(bytes, algorithm));
  return { mediaType, digest, size: bytes.byteLength };
}

export async function plantManifest(
  { registry, repository }: Place,
  fields: object,
  { mediaType = IMAGE, tag, algorithm = 'sha256' }: { mediaType?: string; tag?: string; algorithm?: Algorithm } = {},
): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields }));
  const digest = digestOf(bytes, algorithm);
  await registry.plantManifest(repository, bytes, { mediaType, digest, tags: tag === undefined ? [] : [tag] });
  return { mediaType, digest, size: bytes.byteLength };
}

/** An image whose configuration and layers are what is given; layers that are equal are shared. */
export async function plantSimpleImage(
  place: Place,
  {
    tag,
    layers = ['layer'],
    config = {},
  }: { tag?: string; layers?: readonly (string | Uint8Array)[]; config?: object } = {},
): Promise<Descriptor> {
  const described = await plantBlob(place, JSON.stringify({ os: 'linux', architecture: 'amd64', ...config }), {
    mediaType: CONFIG,
  });
  const planted: Descriptor[] = [];
  for (const layer of layers) planted.push(await plantBlob(place, layer));
  return plantManifest(place, { config: described, layers: planted }, tag === undefined ? {} : { tag });
}

/** An artifact that refers to a subject, as signatures and SBOMs do. */
export async function plantReferrer(
  place: Place,
  subject: Descriptor,
  content: string,
  fields: object = {},
): Promise<Descriptor> {
  const config = await plantBlob(place, '{}', { mediaType: EMPTY });
  const layers = [await plantBlob(place, content, { mediaType: 'text/plain' })];
  const { mediaType, digest, size } = subject;
  return plantManifest(place, {
    artifactType: 'application/vnd.test',
    config,
    layers,
    subject: { mediaType, digest, size },
    ...fields,
  });
}

export function digestOf(bytes: Uint8Array, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/**
 * Everything below a tag or digest that the repository really holds, by digest, each checked against it.
 * @throws Error that names what is missing
 */
export async function contentAt(
  { registry, repository }: Place,
  reference: string,
  isWanted: (descriptor: Descriptor) => boolean = () => true,
): Promise<Map<string, string>> {
  const held = registry.catalog.get(repository);
  const content = new Map<string, string>();
  await visit(held?.tags.get(reference) ?? reference, true);
  return content;

  async function visit(digest: string, isManifest: boolean): Promise<void> {
    if (content.has(digest)) return;
    const linked = isManifest ? held?.manifests.has(digest) : held?.blobs.has(digest);
    const bytes = linked === true ? await registry.bytesOf(digest) : undefined;
    if (bytes === undefined) throw new Error(`${repository} has no ${isManifest ? 'manifest' : 'blob'} ${digest}`);
    if (digestOf(bytes, digest.startsWith('sha512') ? 'sha512' : 'sha256') !== digest)
      throw new Error(`${digest} is damaged`);
    content.set(digest, Buffer.from(bytes).toString('base64'));
    if (isManifest) await visitBelow(bytes);
  }

  async function visitBelow(bytes: Uint8Array): Promise<void> {
    const document: { config?: Descriptor; layers?: Descriptor[]; blobs?: Descriptor[]; manifests?: Descriptor[] } =
      JSON.parse(Buffer.from(bytes).toString('utf8'));
    const { config, layers = [], blobs = [], manifests = [] } = document;
    for (const blob of [...(config === undefined ? [] : [config]), ...layers, ...blobs].filter(isWanted))
      await visit(blob.digest, false);
    for (const entry of manifests.filter(isWanted))
      await visit(entry.digest, [INDEX, IMAGE, ARTIFACT].includes(entry.mediaType));
  }
}
