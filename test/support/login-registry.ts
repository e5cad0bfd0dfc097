// A real registry that lets in one user by a password, and a small image in it, brought there by plain requests.
import { createHash } from 'node:crypto';
import { requireComponent } from './require-component.ts';
import { startServer, type Server } from './servers.ts';

export type Login = { username: string; password: string };

export function registryWithLogin(username: string, password: string): Promise<Server> {
  return startServer({
    program: requireComponent('docker-registry'),
    auth: { kind: 'htpasswd', username, password },
  });
}

/** @param name `repository:tag` @returns its reference */
export async function pushImage({ url, host }: Server, login: Login, name: string): Promise<string> {
  const [repository, tag] = name.split(':');
  const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  const send = async (to: string | URL, method: string, body?: string, type = 'application/octet-stream') => {
    const headers = { authorization, ...(body === undefined ? {} : { 'content-type': type }) };
    const response = await fetch(to, { method, headers, ...(body === undefined ? {} : { body }) });
    if (!response.ok) throw new Error(`${method} ${String(to)}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
    return response;
  };
  const push = async (content: string, mediaType: string) => {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const session = await send(`${url}/v2/${repository}/blobs/uploads/`, 'POST');
    const location = new URL(session.headers.get('location') ?? '', url);
    location.searchParams.set('digest', digest);
    await send(location, 'PUT', content);
    return { mediaType, digest, size: Buffer.byteLength(content) };
  };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const config = await push('{"architecture":"amd64","os":"linux"}', 'application/vnd.oci.image.config.v1+json');
  const layer = await push(`layer of ${name}`, 'application/vnd.oci.image.layer.v1.tar');
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] });
  await send(`${url}/v2/${repository}/manifests/${tag}`, 'PUT', manifest, mediaType);
  return `${host}/${name}`;
}
