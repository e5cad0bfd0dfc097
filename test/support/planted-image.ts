// Small images planted into an in-process registry: a plain one, and an index with everything that real indexes carry.
import type { RunningRegistry } from '../../infra/demo/registry.ts';

const OCI = 'application/vnd.oci.image';
const INDEX = `${OCI}.index.v1+json`;
const MANIFEST = `${OCI}.manifest.v1+json`;
const CONFIG = `${OCI}.config.v1+json`;
const LAYER = `${OCI}.layer.v1.tar+gzip`;
const EMPTY = 'application/vnd.oci.empty.v1+json';

type Described = { mediaType: string; digest: string; size: number };

/** Plants an image of one platform with random-looking layers of the given sizes; gives its descriptor. */
export async function plantImage(
  registry: RunningRegistry,
  repository: string,
  options: { tag?: string; architecture?: string; layerSizes?: readonly number[] } = {},
): Promise<Described> {
  const { tag, architecture = 'amd64', layerSizes = [1000, 2000] } = options;
  const config = await plantBlob(registry, repository, CONFIG, JSON.stringify({ os: 'linux', architecture }));
  const layers: Described[] = [];
  for (const size of layerSizes) {
    layers.push(await plantBlob(registry, repository, LAYER, Buffer.alloc(size, `${architecture} ${size} `)));
  }
  return plantManifest(registry, repository, MANIFEST, { config, layers }, tag);
}

export type PlantedIndex = {
  digest: string;
  amd64: string;
  arm64: string;
  attestation: string;
  sbom: string;
  signature: string;
};

/** Plants an index of two platforms with an attestation, an SBOM that refers to it, and a cosign signature; gives the digests. */
export async function plantIndex(registry: RunningRegistry, repository: string, tag: string): Promise<PlantedIndex> {
  const amd64 = await plantImage(registry, repository);
  const arm64 = await plantImage(registry, repository, { architecture: 'arm64' });
  const statement = await plantBlob(
    registry,
    repository,
    'application/vnd.in-toto+json',
    '{"predicateType":"https://spdx.dev/Document"}',
  );
  const attestation = await plantManifest(registry, repository, MANIFEST, {
    config: await plantBlob(registry, repository, CONFIG, '{"os":"unknown","architecture":"unknown"}'),
    layers: [{ ...statement, annotations: { 'in-toto.io/predicate-type': 'https://spdx.dev/Document' } }],
  });
  const index = await plantManifest(
    registry,
    repository,
    INDEX,
    {
      manifests: [
        { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
        { ...arm64, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
        {
          ...attestation,
          platform: { os: 'unknown', architecture: 'unknown' },
          annotations: {
            'vnd.docker.reference.type': 'attestation-manifest',
            'vnd.docker.reference.digest': amd64.digest,
          },
        },
      ],
      annotations: { 'org.opencontainers.image.version': '1.0\u001b[31m' },
    },
    tag,
  );
  const empty = await plantBlob(registry, repository, EMPTY, '{}');
  const sbom = await plantManifest(registry, repository, MANIFEST, {
    artifactType: 'application/spdx+json',
    config: empty,
    layers: [await plantBlob(registry, repository, 'application/spdx+json', '{"spdx":true}')],
    subject: index,
  });
  const signature = await plantManifest(
    registry,
    repository,
    MANIFEST,
    {
      config: empty,
      layers: [await plantBlob(registry, repository, 'application/vnd.dev.cosign.simplesigning.v1+json', '{}')],
    },
    `${index.digest.replace(':', '-')}.sig`,
  );
  return {
    digest: index.digest,
    amd64: amd64.digest,
    arm64: arm64.digest,
    attestation: attestation.digest,
    sbom: sbom.digest,
    signature: signature.digest,
  };
}

async function plantBlob(
  registry: RunningRegistry,
  repository: string,
  mediaType: string,
  content: string | Uint8Array,
): Promise<Described> {
  const bytes = Buffer.from(content);
  return { mediaType, digest: await registry.plantBlob(repository, bytes), size: bytes.byteLength };
}

async function plantManifest(
  registry: RunningRegistry,
  repository: string,
  mediaType: string,
  fields: Record<string, unknown>,
  tag?: string,
): Promise<Described> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields }));
  const digest = await registry.plantManifest(repository, bytes, { mediaType, tags: tag === undefined ? [] : [tag] });
  return { mediaType, digest, size: bytes.byteLength };
}
