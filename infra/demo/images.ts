// The images of the demo: two programs for two platforms each, on one base layer; the first with an attestation, a signature and an SBOM.
import type { KeyObject } from 'node:crypto';
import { OCI_CONFIG, OCI_EMPTY, OCI_INDEX } from '../../shared/oci/media-types.ts';
import { jsonPiece, manifestPiece, type Piece, type RepositoryContent } from './content.ts';
import { baseLayer, programLayer, type Layer } from './layers.ts';
import { signDigest } from './signature.ts';

export type DemoImage = RepositoryContent & { tag: string; digest: string };

const ARCHITECTURES = ['amd64', 'arm64'] as const;
const CREATED = '2026-01-01T00:00:00Z';
const IN_TOTO = 'application/vnd.in-toto+json';
const SPDX = 'application/spdx+json';

/** `demo/app` with everything that belongs to an image, and `demo/worker` on the same base. */
export function buildImages(privateKey: KeyObject): { app: DemoImage; worker: DemoImage } {
  const base = baseLayer();
  return {
    app: withBelongings(multiPlatform('app', base, true), privateKey),
    worker: multiPlatform('worker', base, false),
  };
}

function multiPlatform(name: string, base: Layer, attested: boolean): DemoImage {
  const images = ARCHITECTURES.map((architecture) => singlePlatform(name, architecture, base));
  const attestations = attested ? images.map((image) => attestationOf(image.manifest)) : [];
  const index = jsonPiece(OCI_INDEX, {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [...images, ...attestations].map(({ manifest }) => manifest.descriptor),
    annotations: { 'org.opencontainers.image.title': name, 'org.opencontainers.image.version': '1.0' },
  });
  const parts = [...images, ...attestations];
  return {
    repository: `demo/${name}`,
    tag: '1.0',
    digest: index.descriptor.digest,
    blobs: unique(parts.flatMap(({ blobs }) => blobs)),
    manifests: [...parts.map(({ manifest }) => manifest), { ...index, tag: '1.0' }],
  };
}

type Part = { blobs: Piece[]; manifest: Piece };

function singlePlatform(name: string, architecture: string, base: Layer): Part {
  const layers = [base, programLayer(name, architecture)];
  const config = jsonPiece(OCI_CONFIG, {
    created: CREATED,
    architecture,
    os: 'linux',
    config: { Entrypoint: [`/opt/${name}`] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: ['base', name].map((part) => ({ created: CREATED, created_by: `transship demo: ${part}` })),
  });
  return { blobs: [...layers, config], manifest: on(manifestPiece({ config, layers }), { os: 'linux', architecture }) };
}

/** https://docs.docker.com/build/metadata/attestations/attestation-storage/ */
function attestationOf(image: Piece): Part {
  const { digest } = image.descriptor;
  const predicateType = 'https://slsa.dev/provenance/v1';
  const statement = jsonPiece(
    IN_TOTO,
    {
      _type: 'https://in-toto.io/Statement/v1',
      predicateType,
      subject: [{ name: 'demo/app', digest: { sha256: digest.slice('sha256:'.length) } }],
      predicate: { buildDefinition: { buildType: 'https://mobyproject.org/buildkit@v1' }, runDetails: {} },
    },
    { annotations: { 'in-toto.io/predicate-type': predicateType } },
  );
  const config = jsonPiece(OCI_CONFIG, {
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: [statement.descriptor.digest] },
  });
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': digest };
  const manifest = on(manifestPiece({ config, layers: [statement] }), { os: 'unknown', architecture: 'unknown' });
  return {
    blobs: [statement, config],
    manifest: { ...manifest, descriptor: { ...manifest.descriptor, annotations } },
  };
}

/** Adds a signature, found by its tag, and an SBOM, found as a referrer. */
function withBelongings(image: DemoImage, privateKey: KeyObject): DemoImage {
  const signature = signDigest(image.repository, image.digest, privateKey);
  const index = image.manifests.at(-1);
  const empty = jsonPiece(OCI_EMPTY, {});
  const document = jsonPiece(SPDX, {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: image.repository,
    documentNamespace: `https://example.com/spdx/${image.digest.slice('sha256:'.length)}`,
    creationInfo: { created: CREATED, creators: ['Tool: transship-demo'] },
    packages: [{ SPDXID: 'SPDXRef-base', name: 'demo-base', versionInfo: '1', downloadLocation: 'NOASSERTION' }],
  });
  const subject = { ...index?.descriptor };
  const sbom = manifestPiece({ config: empty, layers: [document] }, { artifactType: SPDX, subject });
  return {
    ...image,
    blobs: unique([...image.blobs, ...signature.blobs, empty, document]),
    manifests: [...image.manifests, { ...signature.manifest, tag: signature.tag }, sbom],
  };
}

function on(manifest: Piece, platform: { os: string; architecture: string }): Piece {
  return { ...manifest, descriptor: { ...manifest.descriptor, platform } };
}

function unique(pieces: readonly Piece[]): Piece[] {
  return [...new Map(pieces.map((one) => [one.descriptor.digest, one])).values()];
}
