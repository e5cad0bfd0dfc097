// Brings planted content to a real server by the plainest requests there are, so that tests of our client do not depend on our client.
import type { Place } from './planted-content.ts';

export type Login = { username: string; password: string };

/** Pushes all blobs, manifests and tags of a place into the same repository of a server, with a login where it asks for one. */
export async function pushPlanted({ registry, repository }: Place, serverUrl: string, login?: Login): Promise<void> {
  const request = requestsOf(login);
  const held = registry.catalog.get(repository);
  if (held === undefined) throw new Error(`nothing was planted in ${repository}`);
  const content = async (digest: string) => Buffer.from((await registry.bytesOf(digest)) ?? '');
  for (const digest of held.blobs) {
    const session = await request(`${serverUrl}/v2/${repository}/blobs/uploads/`, 'POST', 202);
    const location = new URL(session.headers.get('location') ?? '', serverUrl);
    location.searchParams.set('digest', digest);
    await request(location, 'PUT', 201, await content(digest), 'application/octet-stream');
  }
  for (const { digest, mediaType } of held.manifests.values()) {
    await request(`${serverUrl}/v2/${repository}/manifests/${digest}`, 'PUT', 201, await content(digest), mediaType);
  }
  for (const [tag, digest] of held.tags) {
    const mediaType = held.manifests.get(digest)?.mediaType ?? '';
    await request(`${serverUrl}/v2/${repository}/manifests/${tag}`, 'PUT', 201, await content(digest), mediaType);
  }
}

function requestsOf(login: Login | undefined) {
  const authorization = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  return async (url: string | URL, method: string, expected: number, body?: Buffer<ArrayBuffer>, type = '') => {
    const headers = { ...(authorization && { authorization }), ...(body && { 'content-type': type }) };
    const response = await fetch(url, { method, headers, ...(body && { body }) });
    if (response.status !== expected)
      throw new Error(`${method} ${String(url)}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
    return response;
  };
}
