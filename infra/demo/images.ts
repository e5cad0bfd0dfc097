// The images of the demo: programs for two platforms each, on one base layer, the first with attestations, a signature and an SBOM;
// and one that is large.
import type { KeyObject } from 'node:crypto';
import { OCI_CONFIG, OCI_INDEX } from '../../shared/oci/media-types.ts';
import { attestationOf, sbomOf } from './belongings.ts';
import { jsonPiece, manifestPiece, type Piece, type RepositoryContent } from './content.ts';
import { baseLayer, dataLayer, programLayer, type Layer } from './layers.ts';
import { signatureOf } from './signature.ts';

export type DemoImage = RepositoryContent & { tag: string; digest: string };

/** What the demo pushes, in the order of its chapters. */
export type DemoImages = Readonly<Record<'app' | 'worker' | 'tools' | 'model', DemoImage>>;

type ImageName = { name: string; tag: string };
type Part = { blobs: readonly Piece[]; manifest: Piece };

const ARCHITECTURES = ['amd64', 'arm64'] as const;
const CREATED = '2026-01-01T00:00:00Z';
/** Different sizes: at any moment of a copy some layers are there and some on their way. */
const MODEL_LAYERS_MIB = [4, 8, 12, 24];

/** The bytes are the same every time, but for the signature. */
export function buildImages(privateKey: KeyObject): DemoImages {
  const base = baseLayer();
  const worker = { name: 'worker', tag: '1.0' };
  return {
    app: signedImage({ name: 'app', tag: '1.0' }, base, privateKey),
    worker: image(worker, programs(worker, [base])),
    tools: buildTools('1.1'),
    model: image({ name: 'model', tag: '1.0' }, [singlePlatform('model', 'amd64', MODEL_LAYERS_MIB.map(dataLayer))]),
  };
}

/** A version of an image that shares nothing with the others. */
export function buildTools(tag: string): DemoImage {
  const tools = { name: 'tools', tag };
  return image(tools, programs(tools, []));
}

/** Bytes of everything that belongs to an image. */
export function sizeOf({ blobs, manifests }: RepositoryContent): number {
  return [...blobs, ...manifests].reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

/** What becomes visible with the tag goes first, the tag last. */
function image({ name, tag }: ImageName, parts: readonly Part[], belongings: Belongings = nothing): DemoImage {
  const index = jsonPiece(OCI_INDEX, {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: parts.map(({ manifest }) => manifest.descriptor),
    annotations: { 'org.opencontainers.image.title': name, 'org.opencontainers.image.version': tag },
  });
  const { blobs, manifests } = belongings(index);
  return {
    repository: `demo/${name}`,
    tag,
    digest: index.descriptor.digest,
    blobs: unique([...parts.flatMap((part) => part.blobs), ...blobs]),
    manifests: [...parts.map(({ manifest }) => manifest), ...manifests, { ...index, tag }],
  };
}

type Belongings = (index: Piece) => Pick<RepositoryContent, 'blobs' | 'manifests'>;
const nothing: Belongings = () => ({ blobs: [], manifests: [] });

/** With provenance for each platform, a signature and an SBOM. */
function signedImage(names: ImageName, base: Layer, privateKey: KeyObject): DemoImage {
  const images = programs(names, [base]);
  return image(names, [...images, ...images.map(({ manifest }) => attestationOf(manifest))], ({ descriptor }) => {
    const signature = signatureOf(`demo/${names.name}`, descriptor, privateKey);
    const sbom = sbomOf(`demo/${names.name}`, descriptor, CREATED);
    return { blobs: [...signature.blobs, ...sbom.blobs], manifests: [signature.manifest, sbom.manifest] };
  });
}

function programs({ name, tag }: ImageName, base: readonly Layer[]): Part[] {
  return ARCHITECTURES.map((architecture) =>
    singlePlatform(name, architecture, [...base, programLayer(name, tag, architecture)]),
  );
}

function singlePlatform(name: string, architecture: string, layers: readonly Layer[]): Part {
  const config = jsonPiece(OCI_CONFIG, {
    created: CREATED,
    architecture,
    os: 'linux',
    config: { Entrypoint: [`/opt/${name}`] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map((_, index) => ({ created: CREATED, created_by: `transship demo: layer ${index + 1}` })),
  });
  const { bytes, descriptor } = manifestPiece({ config, layers });
  const platform = { os: 'linux', architecture };
  return { blobs: [...layers, config], manifest: { bytes, descriptor: { ...descriptor, platform } } };
}

function unique(pieces: readonly Piece[]): Piece[] {
  return [...new Map(pieces.map((one) => [one.descriptor.digest, one])).values()];
}
