// A second, much simpler client of the distribution protocol: pushes the demo's images and reads them back, so that what proves
// the copy is not what made it. For registries on loopback without TLS only.
import { parseChallenges } from '../../shared/oci/challenge.ts';
import { MANIFEST_ACCEPT } from '../../shared/oci/media-types.ts';

type Login = { username: string; password: string };
export type DemoRegistry = { host: string; login?: Login };

type DemoRequest = { method?: 'GET' | 'POST' | 'PATCH' | 'PUT'; headers?: Record<string, string>; body?: Buffer };

/** One request to `/v2/<path>`, with a token if the registry wants one. @throws Error unless the answer is 2xx */
export async function request(registry: DemoRegistry, path: string, init: DemoRequest = {}): Promise<Response> {
  const response = await ask(registry, path, init);
  if (response.ok) return response;
  throw new Error(`${init.method ?? 'GET'} ${response.url}: ${response.status} ${await response.text()}`);
}

async function ask(registry: DemoRegistry, path: string, init: DemoRequest): Promise<Response> {
  const { body, ...rest } = init;
  const url = `http://${registry.host}/v2/${path}`;
  const send = (headers: Record<string, string>) =>
    fetch(url, {
      ...rest,
      headers: { ...rest.headers, ...headers },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
  const response = await send({});
  if (response.status !== 401 || registry.login === undefined) return response;
  await response.body?.cancel();
  return send({ authorization: `Bearer ${await fetchToken(response, registry.login)}` });
}

/** True if a tag or digest can be pulled, false if the registry says that there is none. @throws Error for any other answer */
export async function hasManifest(registry: DemoRegistry, repository: string, selector: string): Promise<boolean> {
  const response = await ask(registry, `${repository}/manifests/${selector}`, { headers: { accept: MANIFEST_ACCEPT } });
  await response.body?.cancel();
  if (response.ok || response.status === 404) return response.ok;
  throw new Error(`GET ${response.url}: ${response.status}`);
}

/** The bytes of a manifest by tag or digest. */
export async function readManifest(registry: DemoRegistry, repository: string, selector: string): Promise<Buffer> {
  const headers = { accept: MANIFEST_ACCEPT };
  return bytesOf(await request(registry, `${repository}/manifests/${selector}`, { headers }));
}

export async function readBlob(registry: DemoRegistry, repository: string, digest: string): Promise<Buffer> {
  return bytesOf(await request(registry, `${repository}/blobs/${digest}`));
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

// https://distribution.github.io/distribution/spec/auth/token/
async function fetchToken(refusal: Response, { username, password }: Login): Promise<string> {
  const [challenge] = parseChallenges(refusal.headers.get('www-authenticate') ?? '');
  const { realm = '', service = '', scope = '' } = challenge?.parameters ?? {};
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const query = new URLSearchParams({ service, scope }).toString();
  const response = await fetch(`${realm}?${query}`, { headers: { authorization } });
  const reply: unknown = await response.json();
  const token = typeof reply === 'object' && reply !== null && 'token' in reply ? reply.token : undefined;
  if (typeof token !== 'string') throw new Error(`${realm} gave no token: ${response.status}`);
  return token;
}
