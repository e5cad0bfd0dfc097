// The requests of the distribution specification as plain functions for the conformance tests; it follows no redirect, retries nothing and checks nothing.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry, type RunningRegistry } from '../../../infra/demo/registry.ts';
import type { RegistryOptions } from '../../../infra/demo/registry/options.ts';

export type Algorithm = 'sha256' | 'sha512';

export const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCTETS = 'application/octet-stream';

/** Both ways to keep content; every behaviour is tested on both. */
export const storages = ['memory', 'disk'] as const;
export type Storage = (typeof storages)[number];

/** Starts a registry with the storage; stopping it removes its folder. */
export async function startOn(storage: Storage, options: RegistryOptions = {}): Promise<RunningRegistry> {
  if (storage === 'memory') return startRegistry(options);
  const dataDir = await mkdtemp(join(tmpdir(), 'registry-'));
  const registry = await startRegistry({ ...options, dataDir });
  const stop = async (): Promise<void> => {
    await registry.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...registry, stop, [Symbol.asyncDispose]: stop };
}

let names = 0;

/** A repository that no other test uses. */
export function newRepository(): string {
  names += 1;
  return `conformance/repository-${names}`;
}

export function digestOf(bytes: Uint8Array, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Bytes that no other test has, so that no blob is there by chance. */
export function newBytes(sizeBytes = 512): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(sizeBytes));
}

/** The fields of all JSON replies of the API; each reply has some of them. */
export type ReplyFields = {
  name: string;
  tags: string[];
  repositories: string[];
  schemaVersion: number;
  mediaType: string;
  manifests: { digest: string }[];
  errors: { code: string; detail: { digest: string } }[];
  token: string;
  access_token: string;
  refresh_token: string;
};

export type Answer = {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
  /** Codes of the error body; empty for any other body. */
  codes: string[];
  json: () => ReplyFields;
};

export async function send(
  registry: { url: string },
  method: string,
  target: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: RequestInit['body'] | undefined } = {},
): Promise<Answer> {
  const init: RequestInit = { method, headers, redirect: 'manual' };
  if (body !== undefined) init.body = body;
  if (body instanceof ReadableStream) init.duplex = 'half';
  const response = await fetch(new URL(target, `${registry.url}/`), init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const json = (): ReplyFields => JSON.parse(new TextDecoder().decode(bytes));
  const isJson = bytes.length > 0 && response.headers.get('content-type') === 'application/json';
  const errors = isJson ? (json().errors ?? []) : [];
  return { status: response.status, headers: response.headers, bytes, codes: errors.map(({ code }) => code), json };
}

/** A Location with a parameter appended as text, the way that keeps signed states whole. */
function withParameter(location: string, parameter: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}${parameter}`;
}

export function locationOf(answer: Answer): string {
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`status ${answer.status} came without a Location`);
  return location;
}

/** Opens an upload session and gives its Location. */
export async function openUpload(registry: { url: string }, repository: string, query = ''): Promise<string> {
  const answer = await send(registry, 'POST', `/v2/${repository}/blobs/uploads/${query}`);
  if (answer.status !== 202) throw new Error(`POST answered ${answer.status}`);
  return locationOf(answer);
}

export function patchChunk(
  registry: { url: string },
  location: string,
  chunk: Uint8Array<ArrayBuffer>,
  start: number,
): Promise<Answer> {
  const headers = { 'content-type': OCTETS, 'content-range': `${start}-${start + chunk.length - 1}` };
  return send(registry, 'PATCH', location, { headers, body: chunk });
}

export function closeUpload(
  registry: { url: string },
  location: string,
  digest: string,
  body?: Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return send(registry, 'PUT', withParameter(location, `digest=${digest}`), {
    headers: { 'content-type': OCTETS, ...headers },
    body,
  });
}

/** Pushes a blob by POST and PUT and gives its digest. */
export async function pushBlob(
  registry: { url: string },
  repository: string,
  bytes: Uint8Array<ArrayBuffer>,
  algorithm: Algorithm = 'sha256',
): Promise<string> {
  const digest = digestOf(bytes, algorithm);
  const answer = await closeUpload(registry, await openUpload(registry, repository), digest, bytes);
  if (answer.status !== 201) throw new Error(`PUT answered ${answer.status}`);
  return digest;
}

export function descriptor(bytes: Uint8Array, mediaType: string, algorithm: Algorithm = 'sha256') {
  return { mediaType, digest: digestOf(bytes, algorithm), size: bytes.length };
}

export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(JSON.stringify(value)));
}

/** Pushes config and layers of an image and gives the bytes of its manifest, which is not pushed. */
export async function makeImage(
  registry: { url: string },
  repository: string,
  fields: object = {},
  algorithm: Algorithm = 'sha256',
): Promise<Uint8Array<ArrayBuffer>> {
  const config = encode({ os: 'linux', architecture: 'amd64', created: newBytes(8).join('.') });
  const layer = newBytes();
  await pushBlob(registry, repository, config, algorithm);
  await pushBlob(registry, repository, layer, algorithm);
  return encode({
    schemaVersion: 2,
    mediaType: IMAGE,
    config: descriptor(config, 'application/vnd.oci.image.config.v1+json', algorithm),
    layers: [descriptor(layer, 'application/vnd.oci.image.layer.v1.tar', algorithm)],
    ...fields,
  });
}

export function makeIndex(children: readonly Uint8Array[], fields: object = {}, algorithm: Algorithm = 'sha256') {
  const manifests = children.map((child) => {
    const { mediaType }: { mediaType: string } = JSON.parse(new TextDecoder().decode(child));
    return descriptor(child, mediaType, algorithm);
  });
  return encode({ schemaVersion: 2, mediaType: INDEX, manifests, ...fields });
}

export function putManifest(
  registry: { url: string },
  repository: string,
  reference: string,
  manifest: Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { mediaType }: { mediaType?: string } = JSON.parse(new TextDecoder().decode(manifest));
  const type = { 'content-type': mediaType ?? IMAGE };
  return send(registry, 'PUT', `/v2/${repository}/manifests/${reference}`, {
    headers: { ...type, ...headers },
    body: manifest,
  });
}

/** Pushes a small image under a reference and gives its manifest. */
export async function pushImage(
  registry: { url: string },
  repository: string,
  tag: string,
  fields: object = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const manifest = await makeImage(registry, repository, fields);
  const answer = await putManifest(registry, repository, tag, manifest);
  if (answer.status !== 201) throw new Error(`PUT answered ${answer.status}`);
  return manifest;
}
