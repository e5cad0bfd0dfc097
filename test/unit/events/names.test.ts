// The names in payloads, by the grammar of references; and image names taken apart.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitImageName } from '../../../shared/events/image-name.ts';
import {
  digestOrNull,
  hostOrNull,
  lowerAscii,
  mediaTypeOrNull,
  repositoryOrNull,
  tagOrNull,
} from '../../../shared/events/names.ts';
import { anyText } from './any-text.ts';

const HEX = 'ab12'.repeat(16);

describe('a host', () => {
  it.each([
    ['registry.example.com', 'registry.example.com'],
    ['Registry.Example.COM:5000', 'registry.example.com:5000'],
    ['localhost', 'localhost'],
    ['registry', 'registry'],
    ['registry:5000', 'registry:5000'],
    ['192.168.100.227:5000', '192.168.100.227:5000'],
    ['[2001:DB8::1]:5000', '[2001:db8::1]:5000'],
    ['docker.io', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['Registry-1.Docker.IO', 'docker.io'],
  ])('%s', (given, expected) => {
    expect(hostOrNull(given)).toBe(expected);
  });

  it.each([
    '',
    ' ',
    'a b',
    'a/b',
    '/',
    'harbor....',
    '[registry].azurecr.io',
    'https://a.b',
    'user@a.b',
    'a.b:0',
    'a.b:65536',
    'a.b:',
    'a.b:port',
    '-a',
    'größe.example',
    '\u212A.example',
    `${'a.'.repeat(128)}b`,
    '..',
    'sha256:abc',
  ])('is not %j', (given) => {
    expect(hostOrNull(given)).toBeNull();
  });
});

describe('a repository', () => {
  it('is in lower case', () => {
    expect(repositoryOrNull('Codertocat/Hello-World')).toBe('codertocat/hello-world');
    expect(repositoryOrNull('a'.repeat(255))).toBe('a'.repeat(255));
    expect(repositoryOrNull('ext.mcr.microsoft.com/vscode/x')).toBe('ext.mcr.microsoft.com/vscode/x');
  });

  it.each([
    '',
    '/a',
    'a/',
    'a//b',
    'a:b',
    'a@b',
    'a b',
    '../a',
    'a/..',
    '-a',
    'a..b',
    'größe',
    '\u212Aelvin',
    'a'.repeat(256),
    `a@sha256:${HEX}`,
    'a?b',
    'a\n',
    '\0',
    '__proto__',
  ])('is not %j', (given) => {
    expect(repositoryOrNull(given)).toBeNull();
  });
});

describe('a tag', () => {
  it.each(['latest', '7', '1.0', 'V_1-x', '_', 'a'.repeat(128)])('is %s', (given) => {
    expect(tagOrNull(given)).toBe(given);
  });

  it.each(['', `sha256:${HEX}`, '.a', '-a', 'a/b', 'a:b', 'a b', 'ü', 'a'.repeat(129), `a@sha256:${HEX}`, 'a\n'])(
    'is not %j',
    (given) => {
      expect(tagOrNull(given)).toBeNull();
    },
  );
});

it('knows a digest from what samples put in its place', () => {
  expect(digestOrNull(`sha256:${HEX}`)).toBe(`sha256:${HEX}`);
  expect(digestOrNull(`sha512:${HEX}${HEX}`)).toBe(`sha512:${HEX}${HEX}`);
  const wrong = [
    HEX,
    `sha256:${HEX.slice(1)}`,
    `sha256:${HEX.toUpperCase()}`,
    `sha1:${HEX.slice(24)}`,
    'sha256:6ec128e26cd5...',
  ];
  for (const text of wrong) expect(digestOrNull(text)).toBeNull();
});

it('knows a media type', () => {
  const types = ['application/vnd.oci.image.manifest.v1+json', 'application/json; charset=utf-8'];
  for (const type of types) expect(mediaTypeOrNull(type)).toBe(type);
  for (const text of ['', 'json', 'a/', '/b', 'a/b\nc: d', 'a b/c', `a/${'b'.repeat(300)}`]) {
    expect(mediaTypeOrNull(text)).toBeNull();
  }
});

it('gives names that are names, and the same ones when asked again', () => {
  const parsers = [hostOrNull, repositoryOrNull, tagOrNull, digestOrNull, mediaTypeOrNull, lowerAscii];
  const some = fc.oneof(anyText(), fc.stringMatching(/^[A-Za-z0-9._:@/-]{0,40}$/));
  fc.assert(
    fc.property(some, (text) => {
      for (const parse of parsers) {
        const name = parse(text);
        expect(name === null ? null : parse(name)).toBe(name);
      }
    }),
  );
});

describe('an image name', () => {
  const all = { host: null, path: null, tag: null, digest: null };

  it.each([
    ['harbor.example.com/library/alpine:v1', { host: 'harbor.example.com', path: 'library/alpine', tag: 'v1' }],
    ['https://harbor.example.com:8443/a/b:v1', { host: 'harbor.example.com:8443', path: 'a/b', tag: 'v1' }],
    [`harbor.dev/a/b@sha256:${HEX}`, { host: 'harbor.dev', path: 'a/b', digest: `sha256:${HEX}` }],
    [`harbor.dev/a/b:sha256:${HEX}`, { host: 'harbor.dev', path: 'a/b', digest: `sha256:${HEX}` }],
    [`harbor.dev/a/b:v1@sha256:${HEX}`, { host: 'harbor.dev', path: 'a/b', tag: 'v1', digest: `sha256:${HEX}` }],
    ['library/alpine:v1', { path: 'library/alpine', tag: 'v1' }],
    ['alpine', { path: 'alpine' }],
    ['localhost/a', { host: 'localhost', path: 'a' }],
    ['registry:5000/a', { host: 'registry:5000', path: 'a' }],
    ['ghcr.io/Codertocat/hello-world:', { host: 'ghcr.io', path: 'Codertocat/hello-world' }],
    ['https://example.jfrog.io', { host: 'example.jfrog.io' }],
    ['https://example.jfrog.io/', { host: 'example.jfrog.io' }],
    ['https://harbor/a', { host: 'harbor', path: 'a' }],
    ['', {}],
    [null, {}],
  ])('%s', (text, parts) => {
    expect(splitImageName(text)).toEqual({ ...all, ...parts });
  });

  it('is taken apart as it was put together', () => {
    const host = fc.constantFrom('a.example', 'registry:5000', 'localhost');
    const path = fc.stringMatching(/^[a-z]{1,5}(?:\/[a-z]{1,5}){0,2}$/);
    const tag = fc.option(fc.stringMatching(/^\w[\w.-]{0,9}$/));
    fc.assert(
      fc.property(host, path, tag, fc.constantFrom(null, `sha256:${HEX}`), (host, path, tag, digest) => {
        const text = `${host}/${path}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
        expect(splitImageName(text)).toEqual({ host, path, tag, digest });
        expect(splitImageName(`https://${text}`)).toEqual({ host, path, tag, digest });
      }),
    );
  });
});
