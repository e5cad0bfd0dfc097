// The registry's own API of the fake ECR, with what is odd about its upload sessions: a chunk is answered with 201 and a Range that stays at
// the first one, a session is not told of when asked, and an empty closing PUT behind chunks fails.
// https://github.com/aws/containers-roadmap/issues/2831 https://github.com/openai/tart/pull/159
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AwsAnswer } from './fake-ecr-api.ts';
import { digestOf, type EcrRepository, type EcrState } from './fake-ecr-state.ts';

const PATH = /^\/v2\/(?<name>.+)\/(?<kind>blobs\/uploads|blobs|manifests|referrers)\/(?<last>[^/]*)$/;
const EMPTY_INDEX = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] };

type Asked = { state: EcrState; name: string; last: string; query: URLSearchParams; request: IncomingMessage };

export function callOfRegistry(state: EcrState, request: IncomingMessage, body: Buffer): AwsAnswer {
  const login = `Basic ${Buffer.from(`AWS:${state.settings.token}`).toString('base64')}`;
  if (request.headers.authorization !== login) {
    const challenge = `Basic realm="http://${request.headers.host}/",service="ecr.amazonaws.com"`;
    return { ...refusal(401, 'UNAUTHORIZED'), headers: { 'www-authenticate': challenge } };
  }
  const url = new URL(request.url ?? '/', 'http://ecr');
  if (url.pathname === '/v2/') return { status: 200 };
  const { name = '', kind = '', last = '' } = PATH.exec(url.pathname)?.groups ?? {};
  const repository = state.repositories.get(name);
  if (repository === undefined) return refusal(404, 'NAME_UNKNOWN');
  const asked = { state, name, last, query: url.searchParams, request };
  if (kind === 'blobs/uploads') return session(asked, repository, body);
  if (kind === 'blobs') return blob(repository, last);
  if (kind === 'referrers') return { status: 200, body: EMPTY_INDEX };
  return request.method === 'PUT' ? putManifest(asked, repository, body) : manifest(repository, last);
}

function session(asked: Asked, repository: EcrRepository, body: Buffer): AwsAnswer {
  const { state, name, last, query, request } = asked;
  if (request.method === 'POST') return openSession(asked, repository);
  const found = state.sessions.get(last);
  if (found?.repository !== name || request.method === 'GET') return refusal(404, 'BLOB_UPLOAD_UNKNOWN');
  if (request.method === 'DELETE') return refusal(405, 'UNSUPPORTED');
  const heldBytes = found.pieces.reduce((sum, { length }) => sum + length, 0);
  const [, start] = /^(\d+)-\d+$/.exec(request.headers['content-range'] ?? '') ?? [];
  if (start !== undefined && Number(start) !== heldBytes) return refusal(416, 'BLOB_UPLOAD_INVALID');
  const location = { location: `/v2/${name}/blobs/uploads/${last}` };
  if (request.method === 'PATCH') {
    found.firstEnd = heldBytes === 0 ? body.length - 1 : found.firstEnd;
    found.pieces.push(body);
    return { status: 201, headers: { ...location, range: `0-${found.firstEnd}` } };
  }
  if (found.pieces.length > 0 && body.length === 0) return { status: 500 };
  const content = Buffer.concat([...found.pieces, body]);
  const digest = digestOf(content);
  if (digest !== query.get('digest')) return refusal(400, 'DIGEST_INVALID');
  state.sessions.delete(last);
  repository.blobs.set(digest, { size: content.length, content });
  return { status: 201, headers: { 'docker-content-digest': digest } };
}

function openSession({ state, name, query }: Asked, repository: EcrRepository): AwsAnswer {
  const digest = query.get('mount') ?? '';
  const there = state.repositories.get(query.get('from') ?? '')?.blobs.get(digest);
  if (there !== undefined && state.settings.mountsBlobs) {
    repository.blobs.set(digest, there);
    return { status: 201, headers: { 'docker-content-digest': digest } };
  }
  const id = randomUUID();
  state.sessions.set(id, { repository: name, pieces: [], firstEnd: 0 });
  return { status: 202, headers: { location: `/v2/${name}/blobs/uploads/${id}`, range: '0-0' } };
}

function blob({ blobs }: EcrRepository, digest: string): AwsAnswer {
  const found = blobs.get(digest);
  if (found === undefined) return refusal(404, 'BLOB_UNKNOWN');
  const headers = { 'content-length': String(found.size), 'docker-content-digest': digest };
  return { status: 200, headers, body: found.content ?? '' };
}

function manifest({ manifests, tags }: EcrRepository, reference: string): AwsAnswer {
  const digest = tags.get(reference) ?? reference;
  const found = manifests.get(digest);
  if (found === undefined) return refusal(404, 'MANIFEST_UNKNOWN');
  const { content, type } = found;
  const length = String(content.length);
  const headers = { 'content-type': type, 'content-length': length, 'docker-content-digest': digest };
  return { status: 200, headers, body: content };
}

/** "Images with layers that are not there are refused": LayersNotFoundException of PutImage. */
function putManifest({ last, request }: Asked, repository: EcrRepository, content: Buffer): AwsAnswer {
  const named: { config?: { digest: string }; layers?: { digest: string }[] } = JSON.parse(content.toString());
  const parts = [...(named.config === undefined ? [] : [named.config]), ...(named.layers ?? [])];
  if (parts.some(({ digest }) => !repository.blobs.has(digest))) return refusal(400, 'BLOB_UNKNOWN');
  const digest = digestOf(content);
  repository.manifests.set(digest, { content, type: request.headers['content-type'] ?? '' });
  if (last !== digest) repository.tags.set(last, digest);
  return { status: 201, headers: { 'docker-content-digest': digest } };
}

function refusal(status: number, code: string): AwsAnswer {
  return { status, body: { errors: [{ code, message: code.toLowerCase() }] } };
}
