// A few small manifests that stand for very many: four levels of indexes, each of which names the next one many times.
import type { RunningRegistry } from '../../infra/demo/registry.ts';
import { plantImage } from './planted-image.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const LEVELS = 4;

/** Plants an image for linux/arm64 below four indexes, the uppermost of them under the tag; gives the digests, the uppermost last. */
export async function plantManyfold(
  registry: RunningRegistry,
  repository: string,
  tag: string,
  times = 1000,
): Promise<string[]> {
  const image = await plantImage(registry, repository, { architecture: 'arm64' });
  const digests = [image.digest];
  let entry: object = { ...image, platform: { os: 'linux', architecture: 'arm64' } };
  for (let level = 1; level <= LEVELS; level += 1) {
    const manifests = Array.from({ length: times }, () => entry);
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
    const tags = level === LEVELS ? [tag] : [];
    const digest = await registry.plantManifest(repository, bytes, { mediaType: INDEX, tags });
    entry = { mediaType: INDEX, digest, size: bytes.byteLength };
    digests.push(digest);
  }
  return digests;
}
