// The requests of an upload session: start (or mount), send whole or in chunks, ask, close, cancel.
//
//   POST ─▶ 201 mounted: done
//    └────▶ 202 session ─┬─▶ PUT whole body ──────────────────▶ 201
//                        ├─▶ PATCH … PATCH ─▶ PUT, empty body ─▶ 201
//                        └─▶ DELETE (given up)
//
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
import { TransshipError, isTransshipError } from '../errors.ts';
import { parseUploadRange } from './content-range.ts';
import { parseDigest } from './digest.ts';
import { resolveLocation } from './http/redirects.ts';
import type { RequestBody, RegistryResponse } from './registry-request.ts';
import type { Repository } from './repository.ts';
import { inRepository, pullScope, pushScope } from './repository.ts';

/** An open session; the Location of each answer replaces the one before. */
export type UploadSession = { location: URL; leastChunkBytes: number };

export type StartedUpload = { state: 'mounted' } | { state: 'open'; session: UploadSession };

const BLOB = 'application/octet-stream';

/**
 * Mounts a blob from another repository of the same registry, or opens a session where that is not possible.
 * With `from` naming the repository itself this asks whether the blob is already there, for the price of the session.
 */
export async function startUpload(
  repository: Repository,
  digest: string,
  from: string | undefined,
): Promise<StartedUpload> {
  if (from === undefined) return open(repository, digest);
  try {
    return await mount(repository, digest, from);
  } catch (error) {
    // Docker Hub, Harbor and old Quay answer an error where the specification says 202.
    if (
      !isTransshipError(error, 'unauthorized', 'denied', 'not-found', 'unsupported', 'blob-unknown', 'registry-error')
    )
      throw error;
    return open(repository, digest);
  }
}

async function mount(repository: Repository, digest: string, from: string): Promise<StartedUpload> {
  const scopes = [pushScope(repository.name), ...(from === repository.name ? [] : [pullScope(from)])];
  const response = await repository.registry.send({
    operation: `mount blob ${digest}`,
    action: 'start',
    method: 'POST',
    target: `/v2/${repository.name}/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}${algorithmOf(digest)}`,
    expect: [201, 202],
    ...inRepository(repository, scopes),
  });
  await response.discard();
  return response.status === 201 ? { state: 'mounted' } : { state: 'open', session: sessionOf(response, repository) };
}

async function open(repository: Repository, digest: string): Promise<StartedUpload> {
  const query = algorithmOf(digest).replace('&', '?');
  const response = await repository.registry.send({
    operation: `start upload of blob ${digest}`,
    action: 'start',
    method: 'POST',
    target: `/v2/${repository.name}/blobs/uploads/${query}`,
    needsRepository: true,
    expect: [202],
    ...inRepository(repository, [pushScope(repository.name)]),
  });
  await response.discard();
  return { state: 'open', session: sessionOf(response, repository) };
}

/** Sends the whole blob in one request; the registry checks the digest and commits, or refuses. A stream comes at its pace already. */
export async function putBlob(
  repository: Repository,
  session: UploadSession,
  digest: string,
  body: RequestBody,
): Promise<void> {
  if (body instanceof Uint8Array) await repository.registry.pace?.(body.byteLength, repository.signal);
  const response = await repository.registry.send({
    operation: `upload blob ${digest}`,
    action: 'upload',
    method: 'PUT',
    target: withDigest(session.location, digest),
    headers: { 'content-type': BLOB },
    body,
    // Whatever becomes of it, the session is used up: another try needs another session.
    replayable: false,
    expect: [200, 201, 204],
    ...inRepository(repository, [pushScope(repository.name)]),
  });
  await response.discard();
  checkStored(response, repository, digest);
}

/** Sends one chunk, in order. Never repeated: a registry may have stored it although its answer was lost. */
export async function patchBlob(
  repository: Repository,
  session: UploadSession,
  chunk: Uint8Array,
  offset: number,
): Promise<UploadSession> {
  const response = await repository.registry.send({
    operation: 'upload chunk',
    action: 'upload',
    method: 'PATCH',
    target: session.location,
    // Neither a unit nor a total: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
    headers: { 'content-type': BLOB, 'content-range': `${offset}-${offset + chunk.byteLength - 1}` },
    body: chunk,
    replayable: false,
    expect: [201, 202, 204],
    ...inRepository(repository, [pushScope(repository.name)]),
  });
  await response.discard();
  return response.headers['location'] === undefined ? session : sessionOf(response, repository);
}

/** Asks how many bytes the session holds, and where it goes on. */
export async function fetchUploadStatus(
  repository: Repository,
  session: UploadSession,
): Promise<{ offset: number; session: UploadSession }> {
  const response = await repository.registry.send({
    operation: 'ask for the state of an upload',
    action: 'start',
    method: 'GET',
    target: session.location,
    expect: [200, 204],
    ...inRepository(repository, [pushScope(repository.name)]),
  });
  await response.discard();
  const range = parseUploadRange(response.headers['range'] ?? '');
  const next = response.headers['location'] === undefined ? session : sessionOf(response, repository);
  return { offset: range === undefined ? 0 : range.end + 1, session: next };
}

/** Closes a chunked session with an empty body: some registries append, others drop what the closing PUT carries. */
export async function finishUpload(repository: Repository, session: UploadSession, digest: string): Promise<void> {
  await putBlob(repository, session, digest, new Uint8Array());
}

/** Gives a session up; silent, because registries forget sessions by themselves. */
export async function cancelUpload(repository: Repository, session: UploadSession): Promise<void> {
  try {
    const response = await repository.registry.send({
      operation: 'cancel upload',
      action: 'start',
      method: 'DELETE',
      target: session.location,
      expect: [200, 202, 204, 400, 404, 405],
      // Sent once: a registry that is gone has forgotten the session, or will.
      replayable: false,
      ...inRepository({ ...repository, signal: AbortSignal.timeout(5_000) }, [pushScope(repository.name)]),
    });
    await response.discard();
  } catch {
    // Best effort by design.
  }
}

function sessionOf(response: RegistryResponse, repository: Repository): UploadSession {
  const call = { registry: repository.registry.host, repository: repository.name, operation: 'start upload' };
  const location = response.headers['location'];
  if (location === undefined) {
    throw new TransshipError(
      'invalid-response',
      `${call.registry}/${repository.name}: the registry opened an upload without a Location`,
      {
        details: call,
        hint: 'a proxy before the registry may drop the Location header',
      },
    );
  }
  const least = Number(response.headers['oci-chunk-min-length']);
  return {
    location: resolveLocation(location, response.url, call),
    leastChunkBytes: Number.isSafeInteger(least) ? least : 0,
  };
}

/** Appends to the text of the Location: parsing its query and writing it again can break what the registry signed. */
function withDigest(location: URL, digest: string): URL {
  return new URL(`${location.href}${location.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`);
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs */
function algorithmOf(digest: string): string {
  const { algorithm } = parseDigest(digest);
  return algorithm === 'sha256' ? '' : `&digest-algorithm=${algorithm}`;
}

/** CNCF distribution takes a blob by its sha512 and stores it by its sha256: then no manifest can name it. */
function checkStored(response: RegistryResponse, repository: Repository, digest: string): void {
  const stored = response.headers['docker-content-digest'];
  if (stored === undefined || stored === digest) return;
  throw new TransshipError(
    'unsupported',
    `${repository.registry.host}/${repository.name}: the registry stored blob ${digest} as ${stored.slice(0, 140)}`,
    {
      hint: 'this registry keeps sha256 digests only; artifacts with sha512 digests cannot be copied to it',
      details: { registry: repository.registry.host, repository: repository.name, operation: `upload blob ${digest}` },
    },
  );
}
