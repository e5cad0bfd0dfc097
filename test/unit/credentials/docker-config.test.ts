// The bytes of pull Secrets as kubectl writes them, and the credential that a kubelet takes out of them for an image.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildDockerConfig, credentialFor } from '../../../shared/credentials/docker-config.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const base64 = (plain: string): string => Buffer.from(plain).toString('base64');
const bytes = (config: unknown): Uint8Array =>
  Buffer.from(typeof config === 'string' ? config : JSON.stringify(config));

describe('building', () => {
  test('writes what kubectl writes for the same input', () => {
    const entry = { host: 'https://index.docker.io/v1/', username: 'u', password: 'p', email: 'e@x.io' };
    expect(text(buildDockerConfig([entry]))).toBe(
      '{"auths":{"https://index.docker.io/v1/":{"username":"u","password":"p","email":"e@x.io","auth":"dTpw"}}}',
    );
  });

  // Taken from kubectl 1.36.3: create secret docker-registry --dry-run=client -o json
  test.each<[string, string, string]>([
    ['a<b>&c', 'a\\u003cb\\u003e\\u0026c', 'ZHAtdTphPGI+JmM='],
    ['x:y"z\\', 'x:y\\"z\\\\', 'ZHAtdTp4Onkielw='],
    ['pä\u2028\u2029ß', 'pä\\u2028\\u2029ß', 'ZHAtdTpww6TigKjigKnDnw=='],
    ['日本🔑', '日本🔑', 'ZHAtdTrml6XmnKzwn5SR'],
  ])('escapes the password %j as Go does', (password, shown, auth) => {
    expect(text(buildDockerConfig([{ host: 'r.io', username: 'dp-u', password }]))).toBe(
      `{"auths":{"r.io":{"username":"dp-u","password":"${shown}","auth":"${auth}"}}}`,
    );
  });

  test('writes what is no UTF-8 as the replacement character', () => {
    const built = text(buildDockerConfig([{ host: 'r.io', username: 'u', password: 'a\ud800b\udfff\ud801' }]));
    expect(built).toContain('"password":"a\\ufffdb\\ufffd\\ufffd"');
  });

  test('sorts hosts by their bytes and keeps their spelling', () => {
    const hosts = ['https://b.io/v1/', 'b.io', '\u{10000}.io', '\uffee.io', 'B.io', 'b.io:443'];
    const built: unknown = JSON.parse(
      text(buildDockerConfig(hosts.map((host) => ({ host, username: 'u', password: 'p' })))),
    );
    const sorted = ['B.io', 'b.io', 'b.io:443', 'https://b.io/v1/', '\uffee.io', '\u{10000}.io'];
    expect(built).toHaveProperty('auths');
    expect(Object.keys(Object(built).auths)).toEqual(sorted);
  });

  test('takes line ends after a password for what a file adds', () => {
    expect(text(buildDockerConfig([{ host: 'r.io', username: 'u', password: 'p\r\n' }]))).toContain('"password":"p"');
  });

  test('leaves out what is empty', () => {
    expect(text(buildDockerConfig([{ host: 'r.io', username: 'u', password: '', email: '' }]))).toBe(
      '{"auths":{"r.io":{"username":"u","auth":"dTo="}}}',
    );
    expect(text(buildDockerConfig([]))).toBe('{"auths":{}}');
  });

  test.each([
    ['an empty user', { host: 'r.io', username: '', password: 'p' }, /empty user name/],
    ['an empty host', { host: '', username: 'u', password: 'p' }, /has no name/],
    ['a line end in the user', { host: 'r.io', username: 'u\n', password: 'p' }, /control character in its user name/],
    ['a NUL in the password', { host: 'r.io', username: 'u', password: 'p\0q' }, /control character in its password/],
    ['a line end in the password', { host: 'r.io', username: 'u', password: 'p\nq' }, /control character in its pass/],
  ])('refuses %s, and shows no password', (_, entry, message) => {
    const build = (): unknown => buildDockerConfig([entry]);
    expect(build).toThrow(message);
    expect(build).toThrow(expect.objectContaining({ code: 'invalid-config' }));
  });

  test('refuses two credentials for one host, but not one twice', () => {
    const entry = { host: 'r.io', username: 'u', password: 'p' };
    expect(() => buildDockerConfig([entry, { ...entry, password: 'q' }])).toThrow(/r\.io has two credentials/);
    expect(buildDockerConfig([entry, entry])).toEqual(buildDockerConfig([entry]));
  });

  test('is read back as it was given, whatever the order of the entries', () => {
    // eslint-disable-next-line no-control-regex -- what is refused
    const plain = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => !/[\u0000-\u001f\u007f]/.test(one));
    const entries = fc.uniqueArray(
      fc.record({
        host: fc.domain(),
        username: plain.filter((name) => !name.includes(':')),
        password: plain,
      }),
      { selector: ({ host }) => host, maxLength: 5 },
    );
    fc.assert(
      fc.property(entries, (entries) => {
        const config = buildDockerConfig(entries);
        expect(buildDockerConfig(entries.toReversed())).toEqual(config);
        for (const { host, username, password } of entries) {
          expect(credentialFor(config, `${host}/team/app:1`)).toEqual({ username, password });
        }
      }),
    );
  });
});

describe('the credential for an image', () => {
  const keys = (...names: string[]): Uint8Array =>
    bytes({
      auths: Object.fromEntries(names.map((name) => [name, { auth: base64(`${name.replaceAll(':', '_')}:p`) }])),
    });
  const chosen = (config: Uint8Array, image: string): string | undefined => credentialFor(config, image)?.username;

  test.each<[key: string, image: string, isFound: boolean]>([
    ['r.io', 'r.io/app', true],
    ['https://r.io', 'r.io/app:1', true],
    ['http://r.io/', 'r.io/app', true],
    ['HTTPS://r.io', 'r.io/app', false],
    ['r.io/v1/', 'r.io/app', true],
    ['https://r.io/v2/', 'r.io/app', true],
    ['https://r.io/v2', 'r.io/app', false],
    ['r.io/v2/team', 'r.io/team/app', true],
    ['r.io', 'r.io:443/app', false],
    ['r.io:443', 'r.io/app', false],
    ['r.io:5000', 'r.io:5000/app', true],
    ['r.io:port', 'r.io/app', false],
    ['*.r.io', 'a.r.io/app', true],
    ['*.r.io', 'a.b.r.io/app', false],
    ['*.r.io', 'r.io/app', false],
    ['*', 'r.io/app', false],
    ['a*b.r.io', 'a-x-b.r.io/app', true],
    ['r.*', 'r.io/app', true],
    ['r.io/pong', 'r.io/pongz/app', true],
    ['r.io/pong/', 'r.io/pongz/app', false],
    ['r.io/team', 'r.io/other/app', false],
    ['user@r.io', 'r.io/app', true],
    ['r.io?x=1', 'r.io/app', true],
    ['r io', 'r.io/app', false],
    ['[::1]:5000', '[::1]:5000/app', true],
    ['[::1]', '[::1]/app', false],
    ['localhost', 'localhost/app', true],
    ['r.io', 'R.IO/app', false],
    ['docker.io', 'alpine', true],
    ['docker.io', 'docker.io/library/alpine:3', true],
    ['docker.io/library', 'alpine', true],
    ['docker.io', 'index.docker.io/team/app', true],
    ['https://index.docker.io/v1/', 'alpine', true],
    ['index.docker.io', 'team/app@sha256:' + 'a'.repeat(64), true],
    ['https://index.docker.io/v1', 'alpine', false],
    ['https://registry-1.docker.io/', 'alpine', false],
    ['https://registry-1.docker.io/', 'registry-1.docker.io/team/app', true],
    ['https://index.docker.io/v1/', 'registry-1.docker.io/team/app', false],
    ['https://index.docker.io/v1/', 'ghcr.io/team/app', false],
    ['https://index.docker.io/v1/', 'localhost/app', true],
    ['https://index.docker.io/v1/', 'localhost:5000/app', false],
  ])('key %s, image %s: %s', (key, image, isFound) => {
    expect(chosen(keys(key), image)).toBe(isFound ? key.replaceAll(':', '_') : undefined);
  });

  test('is that of the longest path', () => {
    const config = keys('r.io', 'r.io/team', 'r.io/team/app', '*.io');
    expect(chosen(config, 'r.io/team/app/x')).toBe('r.io/team/app');
    expect(chosen(config, 'r.io/team/b')).toBe('r.io/team');
    expect(chosen(config, 'r.io/b')).toBe('r.io');
    expect(chosen(config, 'q.io/b')).toBe('*.io');
  });

  test('is not that of Docker Hub where another key stands for the image, even without a credential', () => {
    expect(chosen(keys('docker.io', 'https://index.docker.io/v1/'), 'alpine')).toBe('docker.io');
    const shadowed = { auths: { 'docker.io': {}, 'https://index.docker.io/v1/': { auth: base64('u:p') } } };
    expect(credentialFor(bytes(shadowed), 'alpine')).toBeUndefined();
  });

  test('passes over entries without a user, with which the registry is asked anonymously', () => {
    const config = { auths: { 'r.io/team': { auth: base64(':p') }, 'r.io': { auth: base64('u:p') } } };
    expect(credentialFor(bytes(config), 'r.io/team/app')).toEqual({ username: 'u', password: 'p' });
  });

  test.each<[string, unknown, { username: string; password: string } | undefined]>([
    [
      'auth before the plain fields',
      { username: 'a', password: 'b', auth: base64('u:p') },
      { username: 'u', password: 'p' },
    ],
    ['the plain fields alone', { username: 'a', password: 'b' }, { username: 'a', password: 'b' }],
    ['a password with colons', { auth: base64('u:p:q:') }, { username: 'u', password: 'p:q:' }],
    ['no padding', { auth: base64('u:pp').replaceAll('=', '') }, { username: 'u', password: 'pp' }],
    [
      'line ends in base64',
      { auth: `${base64('u:pass').slice(0, 4)}\r\n${base64('u:pass').slice(4)}` },
      { username: 'u', password: 'pass' },
    ],
    ['other letters in the names of fields', { Username: 'a', PASSWORD: 'b' }, { username: 'a', password: 'b' }],
    ['null', null, undefined],
    ['null fields', { username: 'a', password: 'b', auth: null }, { username: 'a', password: 'b' }],
    ['nothing', {}, undefined],
    ['only an identity token', { identitytoken: 't' }, undefined],
    ['a space in base64', { auth: `${base64('u:p')} ` }, undefined],
    ['no colon', { auth: base64('up') }, undefined],
    ['no base64', { auth: '%%%' }, undefined],
    ['a number', { username: 7 }, undefined],
    ['text', 'u:p', undefined],
  ])('of an entry with %s', (_, entry, expected) => {
    expect(credentialFor(bytes({ auths: { 'r.io': entry } }), 'r.io/app')).toEqual(expected);
    expect(credentialFor(bytes({ 'r.io': entry }), 'r.io/app')).toEqual(expected);
  });

  test('is none at all where any entry cannot be decoded', () => {
    const config = { auths: { 'r.io': { auth: base64('u:p') }, 'other.io': { auth: 'x' } } };
    expect(credentialFor(bytes(config), 'r.io/app')).toBeUndefined();
  });

  test.each(['', '[]', '"x"', 'null', '{"auths":[]}', '{"auths":{}', '{"auths":{},"HttpHeaders":{"a":1}}'])(
    'is none of %s',
    (config) => {
      expect(credentialFor(bytes(config), 'r.io/app')).toBeUndefined();
    },
  );

  test('is not looked for under what is no image', () => {
    expect(() => credentialFor(keys('r.io'), 'r.io/App')).toThrow(
      expect.objectContaining({ code: 'invalid-reference' }),
    );
  });
});
