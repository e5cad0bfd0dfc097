// The keys of the token endpoint, what they sign, and how others check it.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, importX509, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keySet, signToken, type TokenClaims } from '../../../functions/registry-token/sign-token.ts';
import { certificateBundle, openTokenKeys, type TokenKeyPair } from '../../../functions/registry-token/token-keys.ts';
import { selfSignedCertificate } from '../../../infra/node/token-keys/self-signed-certificate.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { createAuthority } from '../../support/certificates.ts';
import { failureOf } from '../../support/failure.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const DAY_MS = 86_400_000;

function rsaPair(origin: string, { bits = 2048, fromDays = -1, toDays = 10 } = {}): TokenKeyPair {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const certificate = selfSignedCertificate(privateKey, {
    name: origin,
    notBefore: new Date(NOW.getTime() + fromDays * DAY_MS),
    notAfter: new Date(NOW.getTime() + toDays * DAY_MS),
  });
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { certificate, key: new Secret(key), origin };
}

let folder: string;
let old: TokenKeyPair;
let current: TokenKeyPair;
let elliptic: TokenKeyPair;
let authority: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'transship-token-keys-'));
  const issuer = createAuthority(folder);
  authority = issuer.ca;
  const { certificateFile, keyFile } = issuer.issue('signer');
  elliptic = {
    certificate: readFileSync(certificateFile, 'utf8') + issuer.ca,
    key: new Secret(readFileSync(keyFile, 'utf8')),
    origin: 'elliptic',
  };
  [old, current] = [rsaPair('old'), rsaPair('current')];
});
afterAll(() => rmSync(folder, { recursive: true }));

const CLAIMS: TokenClaims = {
  issuer: 'transship',
  service: 'registry.acme.io',
  subject: 'system:serviceaccount:my-ns:default',
  access: [
    { type: 'repository', name: 'my-ns/app', actions: ['pull'] },
    { type: 'repository', name: 'other/app', actions: [] },
  ],
  sendCertificate: true,
  now: new Date(NOW.getTime() + 400),
  lifeSeconds: 300,
};

describe('a token', () => {
  it('says what registries of both generations read', async () => {
    const { signing } = openTokenKeys([current], 0, NOW);
    const token = await signToken(signing, CLAIMS);
    const [header = '', payload = ''] = token.split('.');
    const seconds = NOW.getTime() / 1000;
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual({
      iss: 'transship',
      // one text: 2.8 reads no list
      aud: 'registry.acme.io',
      sub: 'system:serviceaccount:my-ns:default',
      iat: seconds,
      nbf: seconds - 60,
      exp: seconds + 300,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      access: CLAIMS.access,
    });
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      typ: 'JWT',
      alg: 'RS256',
      kid: await calculateJwkThumbprint(signing.publicKey.export({ format: 'jwk' })),
      x5c: [new X509Certificate(current.certificate).raw.toString('base64')],
    });
  });

  it('names its key alone where registries have our key set and no certificate', async () => {
    const { signing } = openTokenKeys([current], 0, NOW);
    const header = decodeProtectedHeader(await signToken(signing, { ...CLAIMS, sendCertificate: false }));
    expect(header).toEqual({ typ: 'JWT', alg: 'RS256', kid: signing.id });
  });

  it('has an id of its own each time', async () => {
    const { signing } = openTokenKeys([current], 0, NOW);
    expect(await signToken(signing, CLAIMS)).not.toBe(await signToken(signing, CLAIMS));
  });

  it('is of nobody where nobody logged in', async () => {
    const { signing } = openTokenKeys([current], 0, NOW);
    const { subject: _, ...claims } = CLAIMS;
    const [, payload = ''] = (await signToken(signing, claims)).split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ sub: '' });
  });

  it.each([
    ['RSA', () => current, 'RS256'],
    ['P-256', () => elliptic, 'ES256'],
  ])('stands up to its certificate: %s', async (_, pair, alg) => {
    const { signing } = openTokenKeys([pair()], 0, new Date());
    const token = await signToken(signing, { ...CLAIMS, now: NOW });
    const { x5c = [] } = decodeProtectedHeader(token);
    const own = new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64'));
    const verified = await jwtVerify(token, await importX509(own.toString(), alg), { currentDate: NOW });
    expect(verified.protectedHeader.alg).toBe(alg);
  });

  it('brings along what is between its certificate and that which is trusted', async () => {
    const { signing } = openTokenKeys([elliptic], 0, new Date());
    const { x5c = [] } = decodeProtectedHeader(await signToken(signing, CLAIMS));
    expect(x5c).toHaveLength(2);
    expect(x5c[1]).toBe(new X509Certificate(authority).raw.toString('base64'));
  });
});

describe('the key set', () => {
  it('checks tokens of all keys that are trusted', async () => {
    const before = openTokenKeys([old], 0, NOW);
    const after = openTokenKeys([old, current], 1, NOW);
    const keys = createLocalJWKSet(keySet(after));
    for (const { signing } of [before, after]) {
      const verifying = jwtVerify(await signToken(signing, CLAIMS), keys, { currentDate: NOW });
      await expect(verifying).resolves.toMatchObject({ payload: { aud: CLAIMS.service } });
    }
  });

  it('has nothing private', () => {
    const text = JSON.stringify(keySet(openTokenKeys([old, current], 1, NOW)));
    for (const member of ['"d"', '"p"', '"q"', '"dp"', '"qi"', 'PRIVATE']) expect(text).not.toContain(member);
  });
});

it('gives each certificate once to registries', () => {
  const keys = openTokenKeys([old, current, { ...current, origin: 'twice' }], 1, NOW);
  const bundle = certificateBundle(keys);
  expect(bundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(bundle).not.toContain('PRIVATE');
});

describe('a pair that cannot be used', () => {
  const pairs: [string, () => TokenKeyPair, RegExp][] = [
    ['without a certificate', () => ({ ...current, certificate: current.key.reveal() }), /no certificate in it/],
    [
      'with a damaged certificate',
      () => ({ ...current, certificate: current.certificate.replace(/[A-Z]{5}/, '?????') }),
      /cannot be used/,
    ],
    ['with the key of another', () => ({ ...current, key: old.key }), /not that of the certificate/],
    ['without a key', () => ({ ...current, key: new Secret(current.certificate) }), /cannot be used/],
    ['that is too short', () => rsaPair('weak', { bits: 1024 }), /of this kind/],
    ['that ended', () => rsaPair('late', { fromDays: -9, toDays: -1 }), /ended/],
    ['that is not good yet', () => rsaPair('early', { fromDays: 1 }), /not good before/],
  ];
  it.each(pairs)('%s is told where it stands, and not what it is', (_, pair, message) => {
    const given = pair();
    const error = failureOf(() => openTokenKeys([given], 0, NOW));
    expect(error).toMatchObject({ code: 'invalid-config', message: expect.stringMatching(message) });
    expect(error?.message).toContain(given.origin);
    expect(`${error?.message} ${error?.stack}`).not.toContain(given.key.reveal().slice(40, 80));
  });

  it('may still be one of the past', () => {
    const ended = rsaPair('ended', { fromDays: -9, toDays: -1 });
    expect(openTokenKeys([current, ended], 0, NOW).trusted).toHaveLength(2);
  });
});

describe('a certificate that a key signs for itself', () => {
  it.each([
    ['before 2050', new Date('2026-01-02T03:04:05Z'), new Date('2036-01-02T03:04:05Z')],
    ['over the year in which times get longer', new Date('2049-12-31T23:59:59Z'), new Date('2050-01-01T00:00:00Z')],
  ])('says what it was told: %s', (_, notBefore, notAfter) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const name = 'Transship "Ünïcode" 船, O=x';
    const certificate = new X509Certificate(selfSignedCertificate(privateKey, { name, notBefore, notAfter }));
    expect(certificate.toLegacyObject()).toMatchObject({ subject: { CN: name }, issuer: { CN: name } });
    expect([certificate.validFromDate, certificate.validToDate]).toEqual([notBefore, notAfter]);
    expect(certificate.verify(publicKey)).toBe(true);
    expect(certificate.publicKey.equals(publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  it('has a number of its own, which is positive', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const terms = { name: 'x', notBefore: NOW, notAfter: new Date(NOW.getTime() + DAY_MS) };
    const numbers = Array.from(
      { length: 20 },
      () => new X509Certificate(selfSignedCertificate(privateKey, terms)).serialNumber,
    );
    expect(new Set(numbers).size).toBe(20);
    for (const number of numbers) expect(number).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it('is one in the eyes of openssl', () => {
    const lines = execFileSync('openssl', ['x509', '-noout', '-text'], {
      input: rsaPair('app').certificate,
    }).toString();
    expect(lines).toContain('Version: 3');
    expect(lines).toContain('Signature Algorithm: sha256WithRSAEncryption');
    expect(lines).toMatch(/Key Usage: critical\s+Digital Signature\n/);
  });
});
