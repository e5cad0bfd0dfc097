// What an issuer for ECR depends on, and how its token is read.
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { acrAdminWarning } from '../../../shared/registries/acr-identity.ts';
import { ecrIssuer } from '../../../shared/registries/ecr-issuer.ts';
import { parseEcrToken } from '../../../shared/registries/ecr-token.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const NOW = Date.parse('2026-03-01T00:00:00Z');
const HOUR = 3_600_000;

function idOf(host: string, identity: { roleArn?: string; externalId?: string; profile?: string } = {}): string {
  return ecrIssuer({ host, aliases: [], env: {} }, identity).id;
}

describe('one token', () => {
  test('serves all accounts of a region', () => {
    expect(idOf(HOST)).toBe(idOf('999999999999.dkr.ecr.eu-west-1.amazonaws.com'));
  });

  test.each([
    ['region', idOf('123456789012.dkr.ecr.us-east-1.amazonaws.com')],
    ['partition', idOf('123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn')],
    ['endpoint', idOf('123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com')],
    ['role', idOf(HOST, { roleArn: 'arn:aws:iam::123456789012:role/pull' })],
    ['external id', idOf(HOST, { roleArn: 'arn:aws:iam::123456789012:role/pull', externalId: 'x-1' })],
    ['profile', idOf(HOST, { profile: 'prod' })],
  ])('is not one of another %s', (_, other) => {
    expect(other).not.toBe(idOf(HOST));
  });

  test('stands under every alias in use, once', () => {
    const alias = '123456789012.dkr-ecr.eu-west-1.on.aws';
    expect(ecrIssuer({ host: HOST, aliases: [alias, HOST], env: {} }, {}).hosts).toEqual([HOST, alias]);
  });
});

describe('an authorization token', () => {
  const parse = (login: string, expiresAt: Date | undefined, clockOffsetMs = 0) =>
    parseEcrToken({
      registry: HOST,
      authorizationToken: Buffer.from(login).toString('base64'),
      expiresAt,
      clockOffsetMs,
      now: NOW,
      identity: 'me',
    });
  const end = new Date(NOW + 12 * HOUR);

  test('is split at its first colon', () => {
    const password = `canary:${randomUUID()}:"<&>`;
    const issued = parse(`AWS:${password}`, end);
    expect(issued).toMatchObject({ username: 'AWS', issuedAt: new Date(NOW), expiresAt: end });
    expect(issued.secret.reveal()).toBe(password);
  });

  test.each([HOUR, -HOUR])('ends on our clock, with that of AWS %d ms ahead', (offsetMs) => {
    expect(parse('AWS:x', new Date(end.getTime() + offsetMs), offsetMs).expiresAt).toEqual(end);
  });

  test('whose end is not told is not kept for long, and is warned of', () => {
    const issued = parse('AWS:x', undefined);
    expect(issued.expiresAt).toEqual(new Date(NOW + HOUR / 4));
    expect(issued.warnings).toEqual([expect.stringContaining('did not say')]);
  });

  test('ends when it says so itself, if that is sooner', () => {
    const expiration = NOW / 1000 + 3600;
    const inner = { payload: 'p'.repeat(200), datakey: 'd', version: '2', type: 'DATA_KEY', expiration };
    const password = Buffer.from(JSON.stringify(inner)).toString('base64');
    expect(parse(`AWS:${password}`, end).expiresAt).toEqual(new Date(NOW + HOUR));
  });

  test.each(['', 'AWS', ':x', 'AWS:'])('that is no login is an error: "%s"', (login) => {
    expect(() => parse(login, end)).toThrow(expect.objectContaining({ code: 'invalid-response' }));
  });
});

test.each([
  ['acme.azurecr.io', 'acme', true],
  ['acme.azurecr.io', 'Acme', true],
  ['acme.westeurope.geo.azurecr.io', 'acme', true],
  ['acme.azurecr.io', 'pull', false],
  ['acme.example.com', 'acme', false],
])('warns of the admin user of a registry of Azure: %s, %s', (host, username, isAdmin) => {
  expect(acrAdminWarning(host, username) !== undefined).toBe(isAdmin);
});
