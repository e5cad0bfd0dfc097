// Reads the fields of a manifest out of parsed JSON, each with its type and range; errors name the field ("layers[3].size").
// Fields that it does not know are left alone; `null` counts as absent, because Go programs write it for empty lists.
import { isTransshipError, TransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import type { Descriptor, Platform } from './descriptor.ts';
import { parseDigest } from './digest.ts';

/**
 * The most children, layers or blobs of one manifest.
 * GHSA-f36w-mj3v-6jqv: without a limit a small document makes its reader do endless work.
 */
const MAX_DESCRIPTORS = 1000;
const MAX_MEDIA_TYPE_LENGTH = 255;

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True where the object itself has the field and it is not null. */
export function hasField(object: JsonObject, name: string): boolean {
  return fieldOf(object, name) !== undefined;
}

/** @throws TransshipError invalid-manifest */
function readString(object: JsonObject, name: string, path = name): string | undefined {
  const value = fieldOf(object, name);
  if (value === undefined || typeof value === 'string') return value;
  throw invalidManifest(`${path} is not text`);
}

/** Reads a media type: opaque, but fit for a header line. @throws TransshipError invalid-manifest */
export function readMediaType(object: JsonObject, name: string, path = name): string | undefined {
  const value = readString(object, name, path);
  if (value === undefined) return undefined;
  if (value.length <= MAX_MEDIA_TYPE_LENGTH && /^[\x20-\x7e]+$/.test(value)) return value;
  throw invalidManifest(`${path} "${printable(value, 60)}" is not a media type`);
}

/** @throws TransshipError invalid-manifest */
export function readAnnotations(object: JsonObject, path = 'annotations'): Record<string, string> | undefined {
  const value = fieldOf(object, 'annotations');
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw invalidManifest(`${path} is not an object`);
  const entries: [string, string][] = [];
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalidManifest(`${path}["${printable(key, 60)}"] is not text`);
    entries.push([key, text]);
  }
  // Own properties only, whatever the keys are called.
  return Object.fromEntries(entries);
}

/** Reads a list of descriptors; undefined where the field is absent, empty where it is null. @throws TransshipError invalid-manifest, manifest-too-large */
export function readDescriptors(object: JsonObject, name: string): Descriptor[] | undefined {
  if (!Object.hasOwn(object, name)) return undefined;
  const value = object[name] ?? [];
  if (!Array.isArray(value)) throw invalidManifest(`${name} is not a list`);
  if (value.length > MAX_DESCRIPTORS) {
    throw new TransshipError('manifest-too-large', `invalid manifest: ${name} has ${value.length} entries`, {
      hint: `at most ${MAX_DESCRIPTORS} are read; no build tool writes more, so look at where the manifest comes from`,
    });
  }
  return value.map((entry: unknown, index) => readDescriptor(entry, `${name}[${index}]`));
}

/** @throws TransshipError invalid-manifest */
export function readOptionalDescriptor(object: JsonObject, name: string): Descriptor | undefined {
  const value = fieldOf(object, name);
  return value === undefined ? undefined : readDescriptor(value, name);
}

/**
 * Reads one descriptor.
 * @throws TransshipError invalid-manifest
 * https://github.com/opencontainers/image-spec/blob/main/descriptor.md#properties
 */
function readDescriptor(value: unknown, path: string): Descriptor {
  if (!isJsonObject(value)) throw invalidManifest(`${path} is not an object`);
  const mediaType = readMediaType(value, 'mediaType', `${path}.mediaType`);
  if (mediaType === undefined) throw invalidManifest(`${path}.mediaType is missing`);
  const urls = readStrings(value, 'urls', `${path}.urls`);
  const annotations = readAnnotations(value, `${path}.annotations`);
  const data = readString(value, 'data', `${path}.data`);
  const artifactType = readMediaType(value, 'artifactType', `${path}.artifactType`);
  const platform = readPlatform(value, `${path}.platform`);
  return {
    mediaType,
    digest: readDigest(value, `${path}.digest`),
    size: readSize(value, `${path}.size`),
    ...(urls !== undefined && { urls }),
    ...(annotations !== undefined && { annotations }),
    ...(data !== undefined && { data }),
    ...(artifactType !== undefined && { artifactType }),
    ...(platform !== undefined && { platform }),
  };
}

export function invalidManifest(reason: string, cause?: unknown): TransshipError {
  return new TransshipError('invalid-manifest', `invalid manifest: ${reason}`, {
    hint: 'the manifest itself is broken: build the image again and push it',
    cause,
  });
}

function fieldOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
}

// CVE-2024-3727: digests end up in URLs and paths, so nothing but a digest may pass.
function readDigest(object: JsonObject, path: string): string {
  const digest = readString(object, 'digest', path);
  if (digest === undefined) throw invalidManifest(`${path} is missing`);
  try {
    parseDigest(digest);
    return digest;
  } catch (error) {
    if (!isTransshipError(error, 'invalid-digest')) throw error;
    throw invalidManifest(`${path}: ${error.message}`, error);
  }
}

function readSize(object: JsonObject, path: string): number {
  const size = fieldOf(object, 'size');
  if (size === undefined) throw invalidManifest(`${path} is missing`);
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
  throw invalidManifest(`${path} is ${printable(JSON.stringify(size), 40)}, not a number of bytes`);
}

function readStrings(object: JsonObject, name: string, path: string): string[] | undefined {
  const value = fieldOf(object, name);
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw invalidManifest(`${path} is not a list`);
  return value.map((entry: unknown, index) => {
    if (typeof entry !== 'string') throw invalidManifest(`${path}[${index}] is not text`);
    return entry;
  });
}

/** A platform that names neither system nor architecture says nothing: it counts as absent. */
function readPlatform(object: JsonObject, path: string): Platform | undefined {
  const value = fieldOf(object, 'platform');
  if (value === undefined) return undefined;
  if (!isJsonObject(value)) throw invalidManifest(`${path} is not an object`);
  const os = readString(value, 'os', `${path}.os`) ?? '';
  const architecture = readString(value, 'architecture', `${path}.architecture`) ?? '';
  const variant = readString(value, 'variant', `${path}.variant`);
  const version = readString(value, 'os.version', `${path}.os.version`);
  const features = readStrings(value, 'os.features', `${path}.os.features`);
  if (os === '' && architecture === '') return undefined;
  return {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && { 'os.version': version }),
    ...(features !== undefined && { 'os.features': features }),
  };
}
