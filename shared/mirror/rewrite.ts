// A smaller index made from a larger one: same input, same bytes. Signatures of the old index do not hold for it.
import type { Descriptor } from '../oci/descriptor.ts';
import type { Manifest } from '../oci/manifest.ts';
import { manifestFrom } from '../oci/manifests.ts';

/** Says which index the rewritten one was made from. */
const SOURCE_DIGEST = 'io.transship.source.digest';

/**
 * The index with only the chosen entries, each as the source wrote it but for entries that were rewritten themselves.
 * Fields and their order stay as in the source; an index of which everything was chosen is returned unchanged.
 */
export function rewriteIndex(
  index: Manifest,
  chosen: readonly Descriptor[],
  replaced: ReadonlyMap<string, Manifest>,
): Manifest {
  const document = JSON.parse(new TextDecoder().decode(index.bytes)) as Record<string, unknown> & {
    manifests: Descriptor[];
  };
  if (chosen.length === document.manifests.length && replaced.size === 0) return index;
  const kept = new Set(chosen.map(({ digest }) => digest));
  const manifests = document.manifests
    .filter(({ digest }) => kept.has(digest))
    .map((entry) => {
      const successor = replaced.get(entry.digest);
      if (successor === undefined) return entry;
      return { ...withoutData(entry), digest: successor.digest, size: successor.bytes.byteLength };
    });
  const annotations = {
    ...(document.annotations as Record<string, string> | undefined),
    [SOURCE_DIGEST]: index.digest,
  };
  const bytes = new TextEncoder().encode(JSON.stringify({ ...document, manifests, annotations }));
  return manifestFrom(bytes, index.mediaType);
}

function withoutData(descriptor: Descriptor): Descriptor {
  const { data: _data, ...rest } = descriptor;
  return rest;
}
