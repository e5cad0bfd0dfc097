// Pushes built images to a registry the way every client does: blobs first, then what names them.
import type { RepositoryContent } from './content.ts';
import { request, type DemoRegistry } from './demo-client.ts';

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push */
export async function push(registry: DemoRegistry, content: RepositoryContent): Promise<void> {
  const { repository, blobs, manifests } = content;
  for (const { bytes, descriptor } of blobs) {
    await request(registry, `${repository}/blobs/uploads/?digest=${encodeURIComponent(descriptor.digest)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    });
  }
  for (const { bytes, descriptor, tag } of manifests) {
    await request(registry, `${repository}/manifests/${tag ?? descriptor.digest}`, {
      method: 'PUT',
      headers: { 'content-type': descriptor.mediaType },
      body: bytes,
    });
  }
}
