// Puts an image into the data folder of a distribution server, as its filesystem driver lays it out: no upload, no server needed.
// The layers start as gzip does, so that no client thinks it should compress them, and go on with random bytes.
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { ImageShape, LayerShape } from './workloads.ts';

export type Planted = {
  /** Of the manifest or index under the tag. */
  digest: string;
  /** Digests of all configs and layers, each once. */
  blobs: readonly string[];
};

type Described = { mediaType: string; digest: string; size: number };

const OCI = 'application/vnd.oci.image';
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff]);
const PIECE_BYTES = 1024 * 1024;

/** @see https://distribution.github.io/distribution/storage-drivers/filesystem/ */
export function plantImage(dataDir: string, repository: string, tag: string, shape: ImageShape): Planted {
  const store = path.join(dataDir, 'docker/registry/v2');
  const links = path.join(store, 'repositories', repository);
  const planted = new Map<string, Described>();
  const blobs = new Set<string>();
  const link = (folder: string, digest: string) => {
    const file = path.join(links, folder, digest.replace(':', '/'), 'link');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, digest);
  };
  const asLayer = (described: Described) => {
    blobs.add(described.digest);
    link('_layers', described.digest);
    return described;
  };
  const plantLayer = (layer: LayerShape) => {
    const described = planted.get(layer.name) ?? asLayer(writeLayer(store, layer));
    planted.set(layer.name, described);
    return described;
  };
  const plantManifest = (mediaType: string, fields: Record<string, unknown>) => {
    const described = writeJson(store, mediaType, { schemaVersion: 2, mediaType, ...fields });
    link('_manifests/revisions', described.digest);
    return described;
  };

  const manifests = Object.entries(shape).map(([architecture, layerShapes]) => {
    const layers = layerShapes.map(plantLayer);
    // what the uncompressed layers would hash to does not matter to a copy between registries
    const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
    const config = asLayer(
      writeJson(store, `${OCI}.config.v1+json`, { architecture, os: 'linux', config: {}, rootfs }),
    );
    return { ...plantManifest(`${OCI}.manifest.v1+json`, { config, layers }), platform: { os: 'linux', architecture } };
  });
  const [first] = manifests;
  if (first === undefined) throw new Error('an image needs at least one platform');
  const { digest } = manifests.length === 1 ? first : plantManifest(`${OCI}.index.v1+json`, { manifests });
  link(`_manifests/tags/${tag}/index`, digest);
  const current = path.join(links, '_manifests/tags', tag, 'current');
  mkdirSync(current);
  writeFileSync(path.join(current, 'link'), digest);
  return { digest, blobs: [...blobs] };
}

function writeJson(store: string, mediaType: string, value: unknown): Described {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  writeFileSync(dataFile(store, digest), bytes);
  return { mediaType, digest, size: bytes.byteLength };
}

function writeLayer(store: string, { sizeBytes }: LayerShape): Described {
  mkdirSync(store, { recursive: true });
  const unfinished = path.join(store, 'unfinished');
  const file = openSync(unfinished, 'w');
  const hash = createHash('sha256');
  const write = (bytes: Uint8Array) => {
    hash.update(bytes);
    writeSync(file, bytes);
  };
  // one random piece over and over: nothing here compresses, and making gigabytes of new ones takes long
  const piece = randomBytes(PIECE_BYTES);
  write(GZIP_HEADER);
  for (let left = sizeBytes - GZIP_HEADER.byteLength; left > 0; left -= PIECE_BYTES) write(piece.subarray(0, left));
  closeSync(file);
  const digest = `sha256:${hash.digest('hex')}`;
  renameSync(unfinished, dataFile(store, digest));
  return { mediaType: `${OCI}.layer.v1.tar+gzip`, digest, size: sizeBytes };
}

/** Where the content of a digest lies; its folder exists afterwards. */
function dataFile(store: string, digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  const folder = path.join(store, 'blobs', algorithm, hex.slice(0, 2), hex);
  mkdirSync(folder, { recursive: true });
  return path.join(folder, 'data');
}
