// The platform of an image that stands alone: no index names it, so it is read from the image's configuration.
// https://github.com/opencontainers/image-spec/blob/main/config.md
import { readBlob } from '../oci/blobs.ts';
import type { Platform } from '../oci/descriptor.ts';
import { digestOf, parseDigest } from '../oci/digest.ts';
import { embeddedContent, type Manifest } from '../oci/manifest.ts';
import { DOCKER_CONFIG, OCI_CONFIG } from '../oci/media-types.ts';
import type { Repository } from '../oci/repository.ts';

/** Larger configurations exist, but are not worth reading for one word. */
const MOST_CONFIG_BYTES = 8 * 1024 * 1024;

/** The platform in the configuration; undefined for an index, an artifact, and a configuration that does not tell. */
export async function imagePlatform(repository: Repository, { view }: Manifest): Promise<Platform | undefined> {
  if (view.kind !== 'image') return undefined;
  const { config } = view;
  if (config.mediaType !== OCI_CONFIG && config.mediaType !== DOCKER_CONFIG) return undefined;
  if (config.size > MOST_CONFIG_BYTES) return undefined;
  const bytes = embeddedContent(config) ?? (await readWhole(repository, config));
  if (digestOf(bytes, parseDigest(config.digest).algorithm) !== config.digest) return undefined;
  return platformIn(bytes);
}

async function readWhole(
  repository: Repository,
  config: { digest: string; size: number; mediaType: string },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBlob(repository, config)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function platformIn(bytes: Uint8Array): Platform | undefined {
  let config: unknown;
  try {
    config = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof config !== 'object' || config === null || !('os' in config) || !('architecture' in config))
    return undefined;
  const { os, architecture } = config;
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  const variant = 'variant' in config && typeof config.variant === 'string' ? config.variant : undefined;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
