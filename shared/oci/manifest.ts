// Manifests: the raw bytes, which are the truth, beside a checked view of them. Nothing here is ever serialised again.
// How deep indexes may nest, and which children are fetched, is the business of whoever walks them.
// https://github.com/opencontainers/image-spec/blob/main/manifest.md
import { TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import type { Descriptor } from './descriptor.ts';
import { digestOf, parseDigest } from './digest.ts';
import {
  hasField,
  invalidManifest,
  isJsonObject,
  type JsonObject,
  readAnnotations,
  readDescriptors,
  readMediaType,
  readOptionalDescriptor,
} from './manifest-fields.ts';
import {
  baseType,
  isImageType,
  isIndexType,
  isSchema1Type,
  OCI_ARTIFACT_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-types.ts';

type Common = { artifactType?: string; subject?: Descriptor; annotations?: Record<string, string> };
type ImageManifest = Common & { kind: 'image'; config: Descriptor; layers: Descriptor[] };
type ImageIndex = Common & { kind: 'index'; manifests: Descriptor[] };
type ArtifactManifest = Common & { kind: 'artifact'; blobs: Descriptor[] };

export type Manifest = {
  /** As they came: these are sent on, hashed and counted. */
  bytes: Uint8Array;
  /** What the document says of itself, else the Content-Type, else what its fields show; goes into the Content-Type of a PUT. */
  mediaType: string;
  /** The sha256 of the bytes, computed. */
  digest: string;
  view: ImageManifest | ImageIndex | ArtifactManifest;
};

// Content types that servers without knowledge of the content send: they tell nothing.
const GENERIC_TYPES = new Set(['', 'application/json', 'application/octet-stream', 'text/plain']);
// Fields of which a document must have only one. CVE-2021-41190: with several, two readers see two different images.
const SHAPES = ['layers', 'manifests', 'blobs', 'fsLayers'];

/**
 * Reads a manifest of any kind but schema 1; fields that are not known are left alone.
 * @param contentType the Content-Type it came with, or the media type of the descriptor that named it
 * @throws TransshipError invalid-manifest, unsupported-manifest, manifest-too-large
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const document = parseObject(bytes);
  refuseSchema1(document, contentType);
  const shapes = SHAPES.filter((name) => hasField(document, name));
  if (shapes.length > 1) throw invalidManifest(`it has both ${shapes.join(' and ')}`);
  const mediaType = mediaTypeOf(document, contentType);
  return { bytes, mediaType, digest: digestOf(bytes), view: readView(document, mediaType) };
}

/** What the manifest refers to, as a signature refers to its image. */
export function subjectOf(manifest: Manifest): Descriptor | undefined {
  return manifest.view.subject;
}

/** The blobs that the manifest itself names, config first; with repetitions, as it names them. */
export function blobsOf({ view }: Manifest): Descriptor[] {
  if (view.kind === 'image') return [view.config, ...view.layers];
  return view.kind === 'artifact' ? view.blobs : [];
}

/** The entries of an index; most are manifests, but BuildKit's caches name blobs there (see `isManifestType`). */
export function childrenOf({ view }: Manifest): Descriptor[] {
  return view.kind === 'index' ? view.manifests : [];
}

/**
 * Checks bytes against what was asked for.
 * @throws TransshipError size-mismatch, digest-mismatch, invalid-digest
 */
export function verifyManifest(bytes: Uint8Array, expected: { digest?: string; size?: number }): void {
  if (expected.size !== undefined && bytes.length !== expected.size) {
    throw new TransshipError('size-mismatch', `content has ${bytes.length} bytes instead of ${expected.size}`, {
      hint: 'the registry or a proxy changed the content; nothing was written',
    });
  }
  if (expected.digest === undefined) return;
  const digest = digestOf(bytes, parseDigest(expected.digest).algorithm);
  if (digest === expected.digest) return;
  throw new TransshipError('digest-mismatch', `content has digest ${digest} instead of ${expected.digest}`, {
    hint: 'the registry or a proxy changed the content; nothing was written',
  });
}

/**
 * The content that a descriptor carries in its `data`, checked against size and digest; undefined where it carries none.
 * @throws TransshipError invalid-manifest, size-mismatch, digest-mismatch
 */
export function embeddedContent(descriptor: Descriptor): Uint8Array | undefined {
  if (descriptor.data === undefined) return undefined;
  const decoded = Buffer.from(descriptor.data, 'base64');
  // Buffer skips what is not base64; other readers do not, so only the exact form is taken.
  if (decoded.toString('base64') !== descriptor.data) throw invalidManifest('data of a descriptor is not base64');
  const bytes = new Uint8Array(decoded);
  verifyManifest(bytes, descriptor);
  return bytes;
}

function parseObject(bytes: Uint8Array): JsonObject {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw invalidManifest('it is not JSON', error);
  }
  if (!isJsonObject(document)) throw invalidManifest('it is not a JSON object');
  return document;
}

// The digest of a signed schema 1 manifest leaves its signatures out, so its bytes cannot be verified like all others.
function refuseSchema1(document: JsonObject, contentType: string | undefined): void {
  const { mediaType, schemaVersion } = document;
  const declared = typeof mediaType === 'string' && isSchema1Type(mediaType);
  if (!declared && !isSchema1Type(contentType ?? '') && schemaVersion !== 1) return;
  throw new TransshipError('unsupported-manifest', 'the manifest has the old Docker format "schema 1"', {
    hint: 'build the image and push it again, or convert it first with: skopeo copy --format v2s2',
  });
}

function mediaTypeOf(document: JsonObject, contentType: string | undefined): string {
  const declared = readMediaType(document, 'mediaType');
  const received = baseType(contentType);
  if (declared === undefined) return GENERIC_TYPES.has(received) ? inferMediaType(document) : received;
  if (GENERIC_TYPES.has(received) || received === baseType(declared)) return declared;
  const shown = `"${printable(declared, 100)}" and came as "${printable(received, 100)}"`;
  throw invalidManifest(`it says that it is ${shown}`);
}

function inferMediaType(document: JsonObject): string {
  if (hasField(document, 'manifests')) return OCI_INDEX;
  if (hasField(document, 'layers') || hasField(document, 'config')) return OCI_MANIFEST;
  throw invalidManifest('it has no mediaType, and neither manifests nor layers');
}

function readView(document: JsonObject, mediaType: string): Manifest['view'] {
  const type = baseType(mediaType);
  if (type === OCI_ARTIFACT_MANIFEST) {
    return { kind: 'artifact', ...readCommon(document), blobs: readDescriptors(document, 'blobs') ?? [] };
  }
  if (!isIndexType(type) && !isImageType(type)) {
    throw new TransshipError('unsupported-manifest', `"${printable(mediaType, 100)}" is not a known kind of manifest`, {
      hint: 'OCI image, index and artifact manifests and Docker schema 2 manifests and lists can be copied',
    });
  }
  const { schemaVersion } = document;
  if (schemaVersion !== undefined && schemaVersion !== 2) throw invalidManifest('schemaVersion is not 2');
  return isIndexType(type) ? readIndex(document) : readImage(document);
}

function readIndex(document: JsonObject): ImageIndex {
  const manifests = readDescriptors(document, 'manifests');
  if (manifests === undefined) throw invalidManifest('manifests is missing');
  return { kind: 'index', ...readCommon(document), manifests };
}

function readImage(document: JsonObject): ImageManifest {
  const config = readOptionalDescriptor(document, 'config');
  if (config === undefined) throw invalidManifest('config is missing');
  const layers = readDescriptors(document, 'layers');
  if (layers === undefined) throw invalidManifest('layers is missing');
  return { kind: 'image', ...readCommon(document), config, layers };
}

function readCommon(document: JsonObject): Common {
  const artifactType = readMediaType(document, 'artifactType');
  const subject = readOptionalDescriptor(document, 'subject');
  const annotations = readAnnotations(document);
  return {
    ...(artifactType !== undefined && { artifactType }),
    ...(subject !== undefined && { subject }),
    ...(annotations !== undefined && { annotations }),
  };
}
