// The promise that every fault is measured against: a tag never names content that is not complete.
import { createHash } from 'node:crypto';
import type { RunningRegistry } from '../../infra/demo/registry.ts';
import { blobsOf, childrenOf, parseManifest } from '../../shared/oci/manifest.ts';
import { isManifestType } from '../../shared/oci/media-types.ts';

/** Whatever is missing or damaged below the tags of a registry, in words; empty when every tag is whole. */
export async function flawsBelowTags(registry: RunningRegistry): Promise<string[]> {
  const flaws: string[] = [];
  for (const [name, repository] of registry.catalog) {
    for (const [tag, digest] of repository.tags) await look(digest, `${name}:${tag}`);

    async function look(digest: string, path: string): Promise<void> {
      const record = repository.manifests.get(digest);
      const bytes = await sound(digest, path);
      if (record === undefined) flaws.push(`${path}: manifest ${digest} is not in the repository`);
      if (record === undefined || bytes === undefined) return;
      const manifest = parseManifest(bytes, record.mediaType);
      for (const child of childrenOf(manifest)) {
        if (isManifestType(child.mediaType)) await look(child.digest, `${path} > ${child.digest}`);
      }
      for (const blob of blobsOf(manifest)) {
        if (!repository.blobs.has(blob.digest)) flaws.push(`${path}: blob ${blob.digest} is not in the repository`);
        else await sound(blob.digest, path);
      }
    }
  }
  return flaws;

  async function sound(digest: string, path: string): Promise<Uint8Array | undefined> {
    const bytes = await registry.bytesOf(digest);
    const [algorithm = 'sha256', hex] = digest.split(':');
    const whole = bytes !== undefined && createHash(algorithm).update(bytes).digest('hex') === hex;
    if (!whole) flaws.push(`${path}: ${digest} is missing or damaged`);
    return whole ? bytes : undefined;
  }
}

/** The digest that a tag names; undefined where there is no such tag. */
export function tagAt(registry: RunningRegistry, repository: string, tag: string): string | undefined {
  return registry.catalog.get(repository)?.tags.get(tag);
}
