// Which entry of a Docker config.json or auth.json is for which repository.
import { assert, constantFrom, property, stringMatching, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Credential } from '../../../shared/oci/auth/credential.ts';
import type { DockerConfig } from '../../../shared/registries/docker-config-file.ts';
import { entryFor, helperFor, serverUrl } from '../../../shared/registries/docker-config-lookup.ts';

function configOf(content: {
  auths?: object;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}): DockerConfig {
  return {
    path: '/home/user/.docker/config.json',
    auths: new Map(Object.entries(content.auths ?? {})),
    credHelpers: new Map(Object.entries(content.credHelpers ?? {})),
    ...(content.credsStore === undefined ? {} : { credsStore: content.credsStore }),
  };
}

/** An entry whose user name tells which key it stood under. */
function entry(user: string, password = 'secret'): object {
  return { auth: Buffer.from(`${user}:${password}`).toString('base64') };
}

function userFor(keys: string[], registry: string, repository?: string): string | undefined {
  const auths = Object.fromEntries(keys.map((key) => [key, entry(key.replaceAll(':', ';'))]));
  const found = entryFor(configOf({ auths }), registry, repository);
  return found?.kind === 'basic' ? found.username.replaceAll(';', ':') : undefined;
}

const HUB = 'https://index.docker.io/v1/';

describe('the key of an entry', () => {
  it.each<[keys: string[], registry: string, repository: string | undefined, expected: string | undefined]>([
    // whole hosts
    [['ghcr.io'], 'ghcr.io', undefined, 'ghcr.io'],
    [['GHCR.io'], 'ghcr.io', undefined, 'GHCR.io'],
    [['https://ghcr.io'], 'ghcr.io', 'a/b', 'https://ghcr.io'],
    [['http://ghcr.io/'], 'ghcr.io', 'a/b', 'http://ghcr.io/'],
    [['https://ghcr.io/v2/'], 'ghcr.io', 'a/b', 'https://ghcr.io/v2/'],
    [['https://ghcr.io/some/path'], 'ghcr.io', 'a/b', 'https://ghcr.io/some/path'],
    [['ghcr.io/v1/'], 'ghcr.io', 'a/b', 'ghcr.io/v1/'],
    [['https://ghcr.io', 'ghcr.io'], 'ghcr.io', undefined, 'ghcr.io'],
    // look-alikes
    [['ghcr.io'], 'evil-ghcr.io', undefined, undefined],
    [['ghcr.io'], 'ghcr.io.evil.com', undefined, undefined],
    [['ghcr.io'], 'ghcr', undefined, undefined],
    [['evil-ghcr.io', 'ghcr.io.evil.com', 'ghcr'], 'ghcr.io', undefined, undefined],
    [['https://evil.com/ghcr.io'], 'ghcr.io', undefined, undefined],
    [['https://ghcr.io@evil.com'], 'ghcr.io', undefined, undefined],
    // ports and addresses
    [['localhost:5000'], 'localhost:5000', 'a', 'localhost:5000'],
    [['localhost'], 'localhost:5000', 'a', undefined],
    [['localhost:5000'], 'localhost', 'a', undefined],
    [['localhost:5000'], 'localhost:50', 'a', undefined],
    [['http://localhost:5000/v2/'], 'localhost:5000', 'a', 'http://localhost:5000/v2/'],
    [['[::1]:5000'], '[::1]:5000', 'a', '[::1]:5000'],
    [['http://[::1]:5000/'], '[::1]:5000', 'a', 'http://[::1]:5000/'],
    [['[::1]'], '[::1]:5000', 'a', undefined],
    // Docker Hub
    [[HUB], 'docker.io', 'library/alpine', HUB],
    [[HUB], 'index.docker.io', undefined, HUB],
    [[HUB], 'registry-1.docker.io', undefined, HUB],
    [['docker.io'], 'docker.io', undefined, 'docker.io'],
    [['index.docker.io'], 'docker.io', undefined, 'index.docker.io'],
    [['registry-1.docker.io'], 'docker.io', undefined, 'registry-1.docker.io'],
    [['docker.io', HUB], 'docker.io', undefined, HUB],
    [['evil-docker.io', 'docker.io.evil.com', 'hub.docker.io'], 'docker.io', undefined, undefined],
    [[HUB], 'evil-docker.io', undefined, undefined],
    // repository prefixes, the longest first
    [['quay.io', 'quay.io/ns', 'quay.io/ns/app'], 'quay.io', 'ns/app', 'quay.io/ns/app'],
    [['quay.io', 'quay.io/ns', 'quay.io/ns/app'], 'quay.io', 'ns/app/sub', 'quay.io/ns/app'],
    [['quay.io', 'quay.io/ns', 'quay.io/ns/app'], 'quay.io', 'ns/other', 'quay.io/ns'],
    [['quay.io', 'quay.io/ns', 'quay.io/ns/app'], 'quay.io', 'other/app', 'quay.io'],
    [['quay.io', 'quay.io/ns'], 'quay.io', undefined, 'quay.io'],
    [['quay.io/ns'], 'quay.io', 'nsx/app', undefined],
    [['quay.io/ns'], 'quay.io', 'n', undefined],
    [['quay.io/ns/'], 'quay.io', 'ns/app', 'quay.io/ns/'],
    [['docker.io/library'], 'docker.io', 'library/alpine', 'docker.io/library'],
    [['docker.io/library', HUB], 'docker.io', 'acme/app', HUB],
  ])('of %j for %s %s is %s', (keys, registry, repository, expected) => {
    expect(userFor(keys, registry, repository)).toBe(expected);
  });

  it('never matches a host by a part of it (CVE-2026-59891)', () => {
    const host = stringMatching(/^[a-z]{1,4}(?:[.-][a-z]{1,4}){0,2}(?::\d{1,4})?$/);
    assert(
      property(tuple(host, host, constantFrom('', 'https://', 'http://')), ([asked, known, scheme]) => {
        const found = userFor([`${scheme}${known}`], asked);
        expect(found).toBe(asked === known ? `${scheme}${known}` : undefined);
      }),
    );
  });

  it('skips the empty entries that Docker writes beside a helper', () => {
    const config = configOf({ auths: { 'quay.io/ns': {}, 'quay.io': entry('user') } });
    expect(entryFor(config, 'quay.io', 'ns/app')).toMatchObject({ username: 'user' });
  });
});

function read(value: unknown): Credential | undefined {
  return entryFor(configOf({ auths: { 'r.io': value } }), 'r.io', 'a');
}

function revealed(credential: Credential | undefined): unknown {
  if (credential === undefined || credential.kind === 'anonymous') return credential;
  if (credential.kind === 'basic') return ['basic', credential.username, credential.password.reveal()];
  return [credential.kind, credential.token.reveal()];
}

describe('the credential of an entry', () => {
  it.each<[unknown, unknown]>([
    [entry('user', 'pass'), ['basic', 'user', 'pass']],
    [entry('user', 'with:colon:s'), ['basic', 'user', 'with:colon:s']],
    [entry('user', ''), ['basic', 'user', '']],
    [entry('user', 'pass\0\0'), ['basic', 'user', 'pass']],
    [entry('üser', 'pässwörd€'), ['basic', 'üser', 'pässwörd€']],
    [entry('$oauthtoken', 'x'), ['basic', '$oauthtoken', 'x']],
    [{ username: 'user', password: 'pass' }, ['basic', 'user', 'pass']],
    [{ username: 'old', password: 'old', ...entry('user', 'pass') }, ['basic', 'user', 'pass']],
    [{ identitytoken: 'refresh' }, ['identityToken', 'refresh']],
    [{ ...entry('00000000-0000-0000-0000-000000000000', 'x'), identitytoken: 'refresh' }, ['identityToken', 'refresh']],
    [{ identitytoken: 'refresh', registrytoken: 'bearer' }, ['registryToken', 'bearer']],
    [{ auth: '', email: 'a@example.com' }, undefined],
    [{}, undefined],
    [null, undefined],
  ])('%j reads as %j', (value, expected) => {
    expect(revealed(read(value))).toEqual(expected);
  });

  it.each<[unknown, string]>([
    ['c2VjcmV0', 'must be an object'],
    [['c2VjcmV0'], 'must be an object'],
    [{ auth: 'c2VjcmV0!' }, 'auths["r.io"].auth: is not valid base64'],
    [{ auth: 'c2VjcmV0c2Vjcm' }, 'is not valid base64'],
    [{ auth: 'c2VjcmV0' }, 'does not hold "user:password"'],
    [{ auth: Buffer.from(':secret').toString('base64') }, 'does not hold "user:password"'],
    [{ auth: 17 }, 'auths["r.io"].auth: must be a string'],
    [{ username: ['secret'] }, 'auths["r.io"].username: must be a string'],
    [{ identitytoken: { secret: 1 } }, 'auths["r.io"].identitytoken: must be a string'],
    [{ password: 'secret' }, 'has a password but no username'],
  ])('%j is refused with the place and without the secret', (value, message) => {
    const error = thrownBy(() => read(value));
    expect(error).toMatchObject({ code: 'invalid-credential-file', message: expect.stringContaining(message) });
    expect(error.message).toContain('/home/user/.docker/config.json');
    expect(error).toHaveProperty('hint', expect.stringMatching(/log in|write/));
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/secret|c2VjcmV0/);
  });

  it('is not spoilt by a mistake in the entry of another registry', () => {
    const config = configOf({ auths: { 'bad.io': { auth: '!!!' }, 'r.io': entry('user') } });
    expect(entryFor(config, 'r.io', undefined)).toMatchObject({ username: 'user' });
  });
});

describe('the helper of a registry', () => {
  it.each<[Parameters<typeof configOf>[0], string, string | undefined]>([
    [{}, 'ghcr.io', undefined],
    [{ credsStore: 'all' }, 'ghcr.io', 'all'],
    [{ credsStore: 'all', credHelpers: { 'ghcr.io': 'one' } }, 'ghcr.io', 'one'],
    [{ credsStore: 'all', credHelpers: { 'ghcr.io': 'one' } }, 'quay.io', 'all'],
    [{ credsStore: 'all', credHelpers: { 'ghcr.io': '' } }, 'ghcr.io', undefined],
    [{ credHelpers: { 'ghcr.io': 'one' } }, 'evil-ghcr.io', undefined],
    [{ credHelpers: { 'ghcr.io': 'one' } }, 'ghcr.io:8443', undefined],
    [{ credHelpers: { [HUB]: 'hub' } }, 'docker.io', 'hub'],
    [{ credHelpers: { 'docker.io': 'hub' } }, 'registry-1.docker.io', 'hub'],
    [{ credHelpers: { 'https://ghcr.io': 'one' } }, 'ghcr.io', 'one'],
  ])('of %j for %s is %s', (content, registry, expected) => {
    expect(helperFor(configOf(content), registry)).toBe(expected);
  });

  it('is asked for Docker Hub by the URL that Docker uses', () => {
    expect(serverUrl('docker.io')).toBe(HUB);
    expect(serverUrl('Registry.example.com:5000')).toBe('registry.example.com:5000');
  });
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
