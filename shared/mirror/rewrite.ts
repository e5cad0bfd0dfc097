// A smaller index made from a larger one: same input, same bytes. Signatures of the old index do not hold for it.
import type { Descriptor } from '../oci/descriptor.ts';
import type { Manifest } from '../oci/manifest.ts';
import { isJsonObject, type JsonObject } from '../oci/manifest-fields.ts';
import { manifestFrom } from '../oci/manifests.ts';

/** Says which index the rewritten one was made from. */
export const SOURCE_DIGEST = 'io.transship.source.digest';

/**
 * The index with only the chosen entries, each as the source wrote it but for entries that were rewritten themselves.
 * Fields and their order stay as in the source; an index of which everything was chosen is returned unchanged.
 */
export function rewriteIndex(
  index: Manifest,
  chosen: readonly Descriptor[],
  replaced: ReadonlyMap<string, Manifest>,
): Manifest {
  const document: unknown = JSON.parse(new TextDecoder().decode(index.bytes));
  if (!isJsonObject(document)) return index;
  const all = Array.isArray(document['manifests']) ? document['manifests'].filter(isJsonObject) : [];
  if (chosen.length === all.length && replaced.size === 0) return index;
  const kept = new Set(chosen.map(({ digest }) => digest));
  const manifests = all
    .filter(({ digest }) => typeof digest === 'string' && kept.has(digest))
    .map((entry) => withSuccessor(entry, replaced));
  const before = isJsonObject(document['annotations']) ? document['annotations'] : {};
  const annotations = { ...before, [SOURCE_DIGEST]: index.digest };
  const bytes = new TextEncoder().encode(JSON.stringify({ ...document, manifests, annotations }));
  return manifestFrom(bytes, index.mediaType);
}

/** The entry as it stands, or naming what took the place of its manifest; embedded content would be the old one's. */
function withSuccessor(entry: JsonObject, replaced: ReadonlyMap<string, Manifest>): JsonObject {
  const successor = typeof entry['digest'] === 'string' ? replaced.get(entry['digest']) : undefined;
  if (successor === undefined) return entry;
  const { data: _data, ...rest } = entry;
  return { ...rest, digest: successor.digest, size: successor.bytes.byteLength };
}
