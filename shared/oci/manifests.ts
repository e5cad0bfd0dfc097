// Manifests by tag or digest: HEAD, GET, PUT. Bytes are kept as they came; a digest is computed, never believed.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
import { TransshipError, isTransshipError } from '../errors.ts';
import { printable } from '../telemetry/printable.ts';
import { digestOf, isDigest, parseDigest } from './digest.ts';
import { MANIFEST_ACCEPT, baseType } from './media-types.ts';
import { parseManifest, verifyManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { isTag } from './reference.ts';
import type { RegistryResponse } from './registry-request.ts';
import type { Repository } from './repository.ts';
import { inRepository, pullScope, pushScope } from './repository.ts';

/** What a registry tells of a manifest without sending it; the size is bytes. */
export type ManifestHead = { digest: string; mediaType: string; sizeBytes: number };

/** The size every registry must accept, and the largest that most do. */
const MOST_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Asks what a tag or digest names; undefined where there is nothing. Falls back to GET where HEAD tells too little. */
export async function headManifest(repository: Repository, reference: string): Promise<ManifestHead | undefined> {
  const response = await askHead(repository, reference, undefined);
  return headFrom(response, repository, reference);
}

/**
 * The same where the digest counts, and one is expected; the media type is told only where that was wrong: registries that compare it themselves (by its ETag) then need not
 * read the manifest, which is most of what a HEAD costs them.
 * https://www.rfc-editor.org/rfc/rfc9110.html#name-if-none-match
 */
export async function headDigest(
  repository: Repository,
  reference: string,
  expected: string | undefined,
): Promise<(Pick<ManifestHead, 'digest'> & Partial<ManifestHead>) | undefined> {
  const response = await askHead(repository, reference, expected);
  if (response.status === 304 && expected !== undefined) return { digest: expected };
  return headFrom(response, repository, reference);
}

async function askHead(
  repository: Repository,
  reference: string,
  expected: string | undefined,
): Promise<RegistryResponse> {
  const response = await repository.registry.send({
    operation: `look up manifest ${reference}`,
    action: 'head',
    method: 'HEAD',
    target: pathOf(repository, reference),
    headers: {
      accept: MANIFEST_ACCEPT,
      ...(expected === undefined ? {} : { 'if-none-match': `"${expected}"` }),
    },
    expect: [
      200,
      404,
      405,
      ...(expected === undefined ? [] : [304]),
      ...repository.registry.traits.manifest.absentStatuses,
    ],
    ...inRepository(repository, [pullScope(repository.name)]),
  });
  await response.discard();
  return response;
}

async function headFrom(
  response: RegistryResponse,
  repository: Repository,
  reference: string,
): Promise<ManifestHead | undefined> {
  if (response.status === 200) {
    const head = headOf(response);
    if (head !== undefined) return head;
  } else if (response.status !== 405 && repository.registry.traits.manifest.headReliable) return undefined;
  const manifest = await findManifest(repository, reference);
  if (manifest === undefined) return undefined;
  return { digest: manifest.digest, mediaType: manifest.mediaType, sizeBytes: manifest.bytes.byteLength };
}

/** Reads a manifest and checks its bytes; undefined where there is nothing. */
export async function findManifest(repository: Repository, reference: string): Promise<Manifest | undefined> {
  return (await findVersionedManifest(repository, reference))?.manifest;
}

/** The same with the registry's ETag, where it sends one, for a conditional write. */
export async function findVersionedManifest(
  repository: Repository,
  reference: string,
): Promise<{ manifest: Manifest; etag: string | undefined } | undefined> {
  const response = await repository.registry.send({
    operation: `read manifest ${reference}`,
    action: 'read',
    method: 'GET',
    target: pathOf(repository, reference),
    headers: { accept: MANIFEST_ACCEPT },
    expect: [200, 404],
    ...inRepository(repository, [pullScope(repository.name)]),
  });
  if (response.status === 404) {
    await response.discard();
    return undefined;
  }
  try {
    const bytes = await manifestBytes(response);
    const expected = isDigest(reference) ? reference : announcedDigest(response);
    if (expected !== undefined) verifyManifest(bytes, { digest: expected });
    const manifest = parseManifest(bytes, response.headers['content-type']);
    const named = expected === undefined ? manifest : { ...manifest, digest: expected };
    return { manifest: named, etag: response.headers['etag'] };
  } catch (error) {
    throw located(error, repository, reference);
  }
}

async function manifestBytes(response: RegistryResponse): Promise<Uint8Array> {
  try {
    return await response.bytes(MOST_MANIFEST_BYTES);
  } catch (error) {
    if (!isTransshipError(error, 'invalid-response')) throw error;
    throw new TransshipError('manifest-too-large', `it has more than ${MOST_MANIFEST_BYTES} bytes`, {
      hint: 'no registry has to take a manifest of more than 4 MiB; this one is broken or hostile, and was not read further',
      cause: error,
    });
  }
}

/** Reads a manifest that must be there. @throws TransshipError not-found, digest-mismatch, invalid-manifest, unsupported-manifest */
export async function fetchManifest(repository: Repository, reference: string): Promise<Manifest> {
  const manifest = await findManifest(repository, reference);
  if (manifest !== undefined) return manifest;
  const separator = isDigest(reference) ? '@' : ':';
  const name = `${repository.registry.host}/${repository.name}${separator}${reference}`;
  throw new TransshipError('not-found', `${name} does not exist`, {
    hint: `check the spelling; \`transship tags ${repository.registry.host}/${repository.name}\` lists the tags that exist`,
    details: {
      registry: repository.registry.host,
      repository: repository.name,
      operation: `read manifest ${reference}`,
    },
  });
}

/**
 * Writes a manifest under a tag or its digest and compares the digest that the registry computed.
 * @returns whether the registry said that it indexes the manifest's subject itself (`OCI-Subject`)
 */
export async function putManifest(
  repository: Repository,
  reference: string,
  manifest: Pick<Manifest, 'bytes' | 'mediaType' | 'digest'>,
  options: { ifMatch?: string } = {},
): Promise<{ indexedSubject: boolean }> {
  const response = await repository.registry.send({
    operation: `write manifest ${reference}`,
    action: 'manifest-write',
    method: 'PUT',
    target: pathOf(repository, reference),
    headers: {
      'content-type': manifest.mediaType,
      ...(options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch }),
    },
    body: manifest.bytes,
    needsRepository: true,
    expect: [200, 201, 202],
    ...inRepository(repository, [pushScope(repository.name)]),
  });
  await response.discard();
  const stored = announcedDigest(response);
  if (stored !== undefined && sameAlgorithm(stored, manifest.digest) && stored !== manifest.digest) {
    throw new TransshipError(
      'digest-mismatch',
      `${repository.registry.host}/${repository.name}: the registry stored ${stored} instead of ${manifest.digest}`,
      {
        hint: 'the registry, or a proxy before it, changes manifests; nothing that was signed can be kept there',
        details: {
          registry: repository.registry.host,
          repository: repository.name,
          operation: `write manifest ${reference}`,
        },
      },
    );
  }
  return { indexedSubject: response.headers['oci-subject'] !== undefined };
}

/** The last gate before a URL: "../" in a reference would lead into another repository. */
function pathOf(repository: Repository, reference: string): string {
  if (!isTag(reference) && !isDigest(reference)) {
    throw new TransshipError(
      'invalid-reference',
      `${repository.registry.host}/${repository.name}: "${printable(reference, 160)}" is neither a tag nor a digest`,
      {
        hint: 'nothing was sent; check where this name comes from',
        details: { registry: repository.registry.host, repository: repository.name },
      },
    );
  }
  return `/v2/${repository.name}/manifests/${reference}`;
}

function headOf(response: RegistryResponse): ManifestHead | undefined {
  const digest = announcedDigest(response);
  const mediaType = baseType(response.headers['content-type']);
  const sizeBytes = Number(response.headers['content-length']);
  if (digest === undefined || mediaType === '' || !Number.isSafeInteger(sizeBytes)) return undefined;
  return { digest, mediaType, sizeBytes };
}

function announcedDigest(response: RegistryResponse): string | undefined {
  const digest = response.headers['docker-content-digest'];
  return digest !== undefined && isDigest(digest) ? digest : undefined;
}

function sameAlgorithm(left: string, right: string): boolean {
  return parseDigest(left).algorithm === parseDigest(right).algorithm;
}

/** Says which manifest of which repository could not be used. */
function located(error: unknown, repository: Repository, reference: string): unknown {
  if (!isTransshipError(error) || error.details.registry !== undefined) return error;
  const place = `${repository.registry.host}/${repository.name}`;
  return new TransshipError(error.code, `${place}: manifest ${reference}: ${error.message}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: {
      ...error.details,
      registry: repository.registry.host,
      repository: repository.name,
      operation: `read manifest ${reference}`,
    },
    retryable: false,
    cause: error,
  });
}

/** A manifest made here, as the parser would give it back. */
export function manifestFrom(bytes: Uint8Array, mediaType: string): Manifest {
  return { ...parseManifest(bytes, mediaType), digest: digestOf(bytes) };
}
