// What the registry must know of a pushed manifest: its media type, subject, artifact type, annotations, and what it refers to.
// https://github.com/opencontainers/image-spec/blob/main/manifest.md
import { createHash } from 'node:crypto';
import type { ManifestRecord } from './catalog.ts';
import { isDigest, type Algorithm } from './names.ts';
import { refusal } from './reply.ts';

type JsonObject = { readonly [key: string]: unknown };

export type ManifestDocument = {
  record: ManifestRecord;
  /** Digests of config, layers and artifact blobs; those that lie elsewhere (`urls`, foreign layers) are left out. */
  blobs: string[];
  /** Digests of the entries of an index. */
  children: string[];
};

/** Parses a manifest of any media type. Answers 400 MANIFEST_INVALID for what is no manifest. */
export function parseManifest(
  bytes: Uint8Array,
  contentType: string | undefined,
  algorithm: Algorithm,
): ManifestDocument {
  const document = parseObject(bytes);
  const mediaType = mediaTypeOf(document, contentType);
  const subject = isObject(document['subject']) ? document['subject']['digest'] : undefined;
  if (subject !== undefined && (typeof subject !== 'string' || !isDigest(subject))) {
    throw refusal(400, 'MANIFEST_INVALID', 'the subject has no valid digest');
  }
  const artifactType = artifactTypeOf(document);
  const annotations = annotationsOf(document);
  const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  return {
    record: {
      digest,
      mediaType,
      sizeBytes: bytes.length,
      ...(subject === undefined ? {} : { subject }),
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    blobs: [document['config'], ...list(document, 'layers'), ...list(document, 'blobs')].flatMap(storedDigest),
    children: list(document, 'manifests').flatMap(storedDigest),
  };
}

function parseObject(bytes: Uint8Array): JsonObject {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isObject(value)) return value;
  } catch {
    // Answered below, like JSON that is no object.
  }
  throw refusal(400, 'MANIFEST_INVALID', 'the manifest is not a JSON object');
}

function mediaTypeOf(document: JsonObject, contentType: string | undefined): string {
  const header = contentType?.split(';')[0]?.trim();
  const field = document['mediaType'];
  if (typeof field === 'string' && header && field !== header) {
    throw refusal(400, 'MANIFEST_INVALID', `mediaType is "${field}" but Content-Type is "${header}"`);
  }
  const mediaType = header || field;
  if (typeof mediaType !== 'string') throw refusal(400, 'MANIFEST_INVALID', 'the manifest has no media type');
  return mediaType;
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers: the config's media type stands in, but not for an index. */
function artifactTypeOf(document: JsonObject): string | undefined {
  const config = document['config'];
  for (const candidate of [document['artifactType'], isObject(config) ? config['mediaType'] : undefined]) {
    if (typeof candidate === 'string' && candidate !== '') return candidate;
  }
  return undefined;
}

function annotationsOf(document: JsonObject): Record<string, string> | undefined {
  if (!isObject(document['annotations'])) return undefined;
  const texts = Object.entries(document['annotations']).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return texts.length === 0 ? undefined : Object.fromEntries(texts);
}

function list(document: JsonObject, key: string): unknown[] {
  const value = document[key];
  return Array.isArray(value) ? value : [];
}

function storedDigest(descriptor: unknown): string[] {
  if (!isObject(descriptor) || typeof descriptor['digest'] !== 'string') return [];
  const { mediaType, urls, digest } = descriptor;
  const foreign = typeof mediaType === 'string' && /nondistributable|\.foreign\./.test(mediaType);
  return foreign || (Array.isArray(urls) && urls.length > 0) ? [] : [digest];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
