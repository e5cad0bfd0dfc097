// The grammar of references, with Docker Hub's short names.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatReference,
  parseReference,
  parseRepository,
  referenceWith,
  type Reference,
} from '../../../shared/oci/reference.ts';
import { failureOf } from '../../support/failure.ts';

const SHA256 = `sha256:${'a1'.repeat(32)}`;
const SHA512 = `sha512:${'b2'.repeat(64)}`;

describe('parseReference', () => {
  test.each<[string, Reference]>([
    ['alpine', { registry: 'docker.io', repository: 'library/alpine', tag: 'latest' }],
    ['alpine:3.20', { registry: 'docker.io', repository: 'library/alpine', tag: '3.20' }],
    ['docker:dind', { registry: 'docker.io', repository: 'library/docker', tag: 'dind' }],
    ['bitnami/redis', { registry: 'docker.io', repository: 'bitnami/redis', tag: 'latest' }],
    ['example.com', { registry: 'docker.io', repository: 'library/example.com', tag: 'latest' }],
    ['localhost:5000', { registry: 'docker.io', repository: 'library/localhost', tag: '5000' }],
    ['docker.io/alpine', { registry: 'docker.io', repository: 'library/alpine', tag: 'latest' }],
    ['index.docker.io/alpine', { registry: 'docker.io', repository: 'library/alpine', tag: 'latest' }],
    ['registry-1.docker.io/a/b', { registry: 'docker.io', repository: 'a/b', tag: 'latest' }],
    ['Docker.IO/alpine', { registry: 'docker.io', repository: 'library/alpine', tag: 'latest' }],
    ['evil-docker.io/alpine', { registry: 'evil-docker.io', repository: 'alpine', tag: 'latest' }],
    ['docker.io.evil.com/alpine', { registry: 'docker.io.evil.com', repository: 'alpine', tag: 'latest' }],
    ['localhost/app', { registry: 'localhost', repository: 'app', tag: 'latest' }],
    ['localhost:5000/team/app:1', { registry: 'localhost:5000', repository: 'team/app', tag: '1' }],
    ['host:65535/app', { registry: 'host:65535', repository: 'app', tag: 'latest' }],
    ['Host/app', { registry: 'Host', repository: 'app', tag: 'latest' }],
    ['GHCR.io/owner', { registry: 'ghcr.io', repository: 'owner', tag: 'latest' }],
    ['127.0.0.1:5000/app', { registry: '127.0.0.1:5000', repository: 'app', tag: 'latest' }],
    ['[::1]:5000/app:v1', { registry: '[::1]:5000', repository: 'app', tag: 'v1' }],
    ['[2001:DB8::1]/app', { registry: '[2001:db8::1]', repository: 'app', tag: 'latest' }],
    ['a.b/c__d/e---f/g.h_i', { registry: 'a.b', repository: 'c__d/e---f/g.h_i', tag: 'latest' }],
    [`alpine@${SHA256}`, { registry: 'docker.io', repository: 'library/alpine', digest: SHA256 }],
    [`ghcr.io/a/b:v1@${SHA512}`, { registry: 'ghcr.io', repository: 'a/b', tag: 'v1', digest: SHA512 }],
    [`x.y/a:_${'t'.repeat(127)}`, { registry: 'x.y', repository: 'a', tag: `_${'t'.repeat(127)}` }],
    [`x.y/${'a'.repeat(255)}`, { registry: 'x.y', repository: 'a'.repeat(255), tag: 'latest' }],
  ])('reads %s', (text, expected) => {
    expect(parseReference(text)).toStrictEqual(expected);
  });

  test.each<[string, RegExp, RegExp]>([
    ['', /empty/, /alpine/],
    [' ', /white space/, /remove/],
    ['alpine ', /white space \(U\+0020\)/, /remove/],
    ['alpine\n', /\\u\{a\}.*white space \(U\+000A\)/, /remove/],
    ['al\u001b[31mpine', /\\u\{1b\}\[31m/, /ASCII/],
    ['аlpine', /U\+0430/, /ASCII/],
    ['a\u202eb', /\\u\{202e\}/, /ASCII/],
    ['\ud800', /\\u\{d800\}/, /ASCII/],
    ['Alpine', /"Alpine" has upper-case/, /lower case: try alpine$/],
    ['library/Alpine', /upper-case/, /try library\/alpine$/],
    ['ghcr.io/Owner/app:1', /"Owner\/app" has upper-case/, /try owner\/app$/],
    ['alpine/', /"\/" too many/, /extra "\/"/],
    ['/alpine', /"\/" too many/, /extra "\/"/],
    ['a//b', /"\/" too many/, /extra "\/"/],
    ['ghcr.io/', /repository is missing/, /lower-case/],
    [':tag', /repository is missing/, /lower-case/],
    ['alpine:', /tag after ":" is missing/, /leave ":" out/],
    ['alpine:-x', /"-x" is not a valid tag/, /does not begin/],
    ['alpine:a+b', /"a\+b" is not a valid tag/, /letters/],
    [`alpine:${'t'.repeat(129)}`, /longer than 128/, /shorten/],
    ['a:b:c', /"a:b" in the repository/, /lower-case/],
    ['-a', /"-a" in the repository/, /lower-case/],
    ['a___b', /"a___b" in the repository/, /lower-case/],
    ['a/../b', /"\.\." in the repository/, /lower-case/],
    ['a?x=1', /"a\?x=1" in the repository/, /lower-case/],
    ['a%2fb', /"a%2fb" in the repository/, /lower-case/],
    ['a\\b', /in the repository/, /lower-case/],
    ['@', /digest after "@" is missing/, /leave "@" out/],
    ['alpine@', /digest after "@" is missing/, /leave "@" out/],
    [`@${SHA256}`, /repository is missing/, /lower-case/],
    ['alpine@latest', /no algorithm/, /sha256/],
    ['alpine@sha256:abc', /3 characters/, /64/],
    ['alpine@sha256:../x', /4 characters/, /64/],
    [`alpine@${SHA256.toUpperCase()}`, /algorithm "SHA256"/, /sha256/],
    [`alpine@sha256:${'A'.repeat(64)}`, /upper-case/, /try sha256:aaa/],
    [`alpine@md5:${'a'.repeat(32)}`, /algorithm "md5"/, /sha256/],
    ['a'.repeat(64), /bare digest/, /repository@sha256:aaaa/],
    [`x.y/${'a'.repeat(256)}`, /longer than 255/, /shorten/],
    [`library/${'a'.repeat(2000)}`, /longer than 1024/, /shorten/],
    ['host:0/app', /port "0"/, /host:5000/],
    ['host:65536/app', /port "65536"/, /1 to|host:5000/],
    ['host:/app', /port ""/, /host:5000/],
    ['host:port/app', /port "port"/, /host:5000/],
    ['host:05/app', /port "05"/, /host:5000/],
    ['[::1/app', /"\[::1" is not a host/, /IPv6/],
    ['[::g]:5000/app', /not a host/, /IPv6/],
    ['[fe80::1%eth0]/app', /not a host/, /IPv6/],
    ['::1/app', /not a host|port/, /host/],
    ['-x.com/app', /not a host/, /host:port/],
    ['x..com/app', /not a host/, /host:port/],
    ['a_b.com/app', /not a host/, /host:port/],
    ['1.2.3.256/app', /not a host/, /host:port/],
    ['./app', /"\." is not a host/, /host:port/],
    ['../app', /"\.\." is not a host/, /host:port/],
    ['https://ghcr.io/a/b:1', /"https:\/\/" is not part/, /without the scheme: ghcr\.io\/a\/b:1$/],
    ['HTTP://x.y/z/', /not part/, /x\.y\/z$/],
    ['docker://alpine', /"docker:\/\/"/, /without the scheme: alpine$/],
    ['docker://', /"docker:\/\/"/, /registry\.example\.com/],
    ['oci:', /"oci:"/, /registry and a repository/],
    ['oci:layout:tag', /"oci:"/, /registry and a repository/],
    ['docker-daemon:alpine:latest', /"docker-daemon:"/, /registry and a repository/],
  ])('refuses %j and says how to mend it', (text, message, hint) => {
    const error = failureOf(() => parseReference(text));
    expect(error?.code).toBe('invalid-reference');
    expect(error?.message).toMatch(message);
    expect(error?.hint).toMatch(hint);
    expect(error?.message).not.toMatch(/\p{C}/u);
    expect(error?.message).toContain('invalid reference "');
  });

  test.each([
    'https://bob:hunter2@ghcr.io/a/b',
    'bob:hunter2@ghcr.io/a',
    'bob:hunter2@localhost:5000',
    'docker://bob:hunter2@x',
  ])('does not repeat the password of %s', (text) => {
    const error = failureOf(() => parseReference(text));
    expect(`${error?.message} ${error?.hint}`).not.toContain('hunter2');
  });

  const component = fc.stringMatching(/^[a-z0-9]{1,6}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}$/);
  const registry = fc.oneof(
    fc.constantFrom('docker.io', 'localhost', 'localhost:5000', 'ghcr.io', '[::1]:443', '10.0.0.1:80', 'Upper'),
    fc.stringMatching(/^[a-z]{1,8}\.[a-z]{2,4}(?::[1-9][0-9]{0,3})?$/),
  );
  const selector = fc.oneof(
    fc.record({ tag: fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/) }),
    fc.constant({ digest: SHA256 }),
    fc.constant({ tag: 'v1', digest: SHA512 }),
  );
  const references = fc
    .tuple(registry, fc.array(component, { minLength: 2, maxLength: 4 }), selector)
    .map(([host, path, chosen]) => ({ registry: host, repository: path.join('/'), ...chosen }));

  test('reads what formatReference wrote', () => {
    fc.assert(
      fc.property(references, (reference) => {
        expect(parseReference(formatReference(reference))).toStrictEqual(reference);
      }),
    );
  });

  const fragments = fc.constantFrom(
    '/',
    ':',
    '@',
    '.',
    '-',
    '_',
    '[',
    ']',
    'a',
    'A',
    '0',
    '5000',
    'docker.io',
    'localhost',
    '://',
    SHA256,
    ' ',
    '\0',
    'é',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.array(fragments).map((parts) => parts.join('')),
  );

  test('throws nothing but invalid-reference, and what it accepts is stable', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const read: Reference[] = [];
        const error = failureOf(() => read.push(parseReference(text)));
        expect([undefined, 'invalid-reference']).toContain(error?.code);
        expect(error === undefined || error.hint !== '').toBe(true);
        for (const reference of read) {
          expect(parseReference(formatReference(reference))).toStrictEqual(reference);
          expect(URL.canParse(`https://${reference.registry}/v2/${reference.repository}/`)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseRepository', () => {
  test.each([
    ['alpine', { registry: 'docker.io', repository: 'library/alpine' }],
    ['localhost:5000/a/b', { registry: 'localhost:5000', repository: 'a/b' }],
  ])('reads %s', (text, expected) => expect(parseRepository(text)).toStrictEqual(expected));

  test.each([
    ['alpine:3', /no tag/, /leave out ":3"/],
    [`alpine@${SHA256}`, /no digest/, /leave out "@sha256/],
    ['localhost:5000', /no tag/, /port/],
    ['', /empty/, /./],
    ['https://x.y/z', /not part/, /x\.y\/z/],
  ])('refuses %s', (text, message, hint) => {
    const error = failureOf(() => parseRepository(text));
    expect(error).toMatchObject({
      code: 'invalid-reference',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });
});

test('referenceWith replaces tag and digest', () => {
  const reference = parseReference(`x.y/a:1@${SHA256}`);
  expect(referenceWith(reference, { tag: '2' })).toStrictEqual({ registry: 'x.y', repository: 'a', tag: '2' });
  expect(referenceWith(reference, { digest: SHA512 })).toStrictEqual({
    registry: 'x.y',
    repository: 'a',
    digest: SHA512,
  });
});
