// Finds what a credential file says about a registry: by whole host and whole path components, never by parts of a name
// (CVE-2026-59891). Keys with a scheme name a whole registry; keys without one may go on with a repository prefix.
// https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md#format
import type { Credential } from '../oci/auth/credential.ts';
import { Secret } from '../telemetry/secret.ts';
import { type DockerConfig, invalidCredentialFile, isRecord } from './docker-config-file.ts';
import { dockerHub } from './docker-hub.ts';

const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** The registry's host as credentials are compared by: lower case, Docker Hub under one name, port kept. */
export function credentialHost(host: string): string {
  const lower = host.toLowerCase();
  return dockerHub.matchesHost(lower) ? 'docker.io' : lower;
}

/** How Docker spells a registry, in its own files and towards helper programs. */
export function serverUrl(registry: string): string {
  const host = credentialHost(registry);
  return host === 'docker.io' ? DOCKER_HUB_KEY : host;
}

/**
 * The helper program that keeps the credential: one for this host before the one for all. An empty name in `credHelpers` means none.
 * https://github.com/docker/cli/blob/master/cli/config/configfile/file.go (getConfiguredCredentialStore)
 */
export function helperFor(config: DockerConfig, registry: string): string | undefined {
  const key = bestKey(config.credHelpers.keys(), registry, '');
  const name = key === undefined ? config.credsStore : config.credHelpers.get(key);
  return name === '' ? undefined : name;
}

/**
 * The credential that stands in the file itself, for the longest prefix of the repository that has one.
 * @throws TransshipError invalid-credential-file
 */
export function entryFor(
  config: DockerConfig,
  registry: string,
  repository: string | undefined,
): Credential | undefined {
  const filled = [...config.auths].filter(([, entry]) => !isEmpty(entry)).map(([key]) => key);
  for (const prefix of prefixesOf(repository ?? '')) {
    const key = bestKey(filled, registry, prefix);
    if (key !== undefined) return credentialOf(config, key);
  }
  return undefined;
}

/** `a/b/c`, `a/b`, `a` and the empty path of the registry itself. */
function prefixesOf(repository: string): string[] {
  const components = repository.split('/');
  return components.map((_, index) => components.slice(0, components.length - index).join('/')).concat('');
}

/** The key for exactly this host and path; of several spellings Docker's own, else the first. */
function bestKey(keys: Iterable<string>, registry: string, path: string): string | undefined {
  const host = credentialHost(registry);
  const matching = [...keys].filter((key) => {
    const parts = partsOf(key);
    return parts.host === host && parts.path === path;
  });
  return matching.find((key) => key === serverUrl(registry)) ?? matching[0];
}

function partsOf(key: string): { host: string; path: string } {
  const withoutScheme = key.replace(/^https?:\/\//i, '');
  const [host = '', ...rest] = withoutScheme.split('/');
  const path = rest.join('/').replace(/\/+$/, '');
  // `/v1` and `/v2` are API roots in keys of old, not repositories.
  const isRegistry = withoutScheme !== key || path === 'v1' || path === 'v2';
  return { host: credentialHost(host), path: isRegistry ? '' : path };
}

/** Docker writes `{}` for a registry whose credential a helper keeps. */
function isEmpty(entry: unknown): boolean {
  if (entry === null) return true;
  if (!isRecord(entry)) return false;
  const fields = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'];
  return fields.every((field) => entry[field] === undefined || entry[field] === null || entry[field] === '');
}

function credentialOf(config: DockerConfig, key: string): Credential {
  const where = `auths["${key}"]`;
  const entry = config.auths.get(key);
  if (!isRecord(entry)) {
    throw invalidCredentialFile(config.path, 'must be an object', 'write {"auth": "…"}, or log in again', where);
  }
  const text = (field: string): string => {
    const value = entry[field] ?? '';
    if (typeof value === 'string') return value;
    throw invalidCredentialFile(config.path, 'must be a string', 'log in to this registry again', `${where}.${field}`);
  };

  const [registryToken, identityToken, auth] = [text('registrytoken'), text('identitytoken'), text('auth')];
  if (registryToken !== '') return { kind: 'registryToken', token: new Secret(registryToken) };
  if (identityToken !== '') return { kind: 'identityToken', token: new Secret(identityToken) };
  // `auth` wins over the two plain fields, as in Docker.
  if (auth !== '') return basicFromAuth(config.path, `${where}.auth`, auth);
  const username = text('username');
  if (username === '') {
    throw invalidCredentialFile(config.path, 'has a password but no username', 'log in to this registry again', where);
  }
  return { kind: 'basic', username, password: new Secret(text('password')) };
}

function basicFromAuth(path: string, where: string, auth: string): Credential {
  const hint = 'write base64 of "user:password", or log in to this registry again';
  const base64 = auth.replace(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) {
    throw invalidCredentialFile(path, 'is not valid base64', hint, where);
  }
  const decoded = Buffer.from(base64, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) throw invalidCredentialFile(path, 'does not hold "user:password"', hint, where);
  // Old versions of Docker padded the password with NUL.
  const password = decoded.slice(colon + 1).replace(/^\0+|\0+$/g, '');
  return { kind: 'basic', username: decoded.slice(0, colon), password: new Secret(password) };
}
