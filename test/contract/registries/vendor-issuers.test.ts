// What is issued by the interfaces of GitHub and Quay, and what becomes of a refusal by each vendor: fakes on loopback that follow their
// documented wire formats.
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../shared/telemetry/secret.ts';
import { issuersOf } from '../../support/issuers/issuers-of.ts';
import type { ApiFault, JsonApi } from '../../support/issuers/json-api.ts';
import { githubBed, gitlabBed, harborBed, lifeOf, quayBed, type VendorBed } from '../../support/issuers/vendor-beds.ts';

const HOUR_MS = 3_600_000;
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function opened<Fake extends JsonApi>(started: Promise<VendorBed<Fake>>): Promise<VendorBed<Fake>> {
  const bed = await started;
  open.push(() => bed.fake[Symbol.asyncDispose]());
  return bed;
}

const github = () => opened(githubBed());
const quay = () => opened(quayBed());
const BEDS: [vendor: string, start: () => Promise<VendorBed>][] = [
  ['github', github],
  ['quay', quay],
  ['harbor', () => opened(harborBed())],
  ['gitlab', () => opened(gitlabBed())],
];

describe('a refusal says which registry, what failed and what to do, and holds no secret', () => {
  const FAULTS: [ApiFault, string, boolean][] = [
    [302, 'registry-error', false],
    [401, 'unauthorized', false],
    [403, 'denied', false],
    [404, 'not-found', false],
    [422, 'registry-error', false],
    [429, 'too-many-requests', true],
    [500, 'registry-unavailable', true],
    [503, 'registry-unavailable', true],
    ['hang', 'timeout', true],
    ['garbage', 'invalid-response', false],
  ];
  const rows = BEDS.flatMap(([vendor, start]) =>
    FAULTS.map(([fault, code, retryable]) => ({ vendor, start, fault, code, retryable })),
  );

  test.each(rows)('$vendor: $fault is $code', async ({ start, fault, code, retryable }) => {
    const { fake, issuer, env } = await start();
    fake.fault = fault;
    const failure = await issuer.issue().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code,
      retryable,
      hint: expect.stringMatching(/\w+ \w+/),
      message: expect.stringMatching(/^[\w.:]+: .* failed/),
    });
    const said = `${String(failure)} ${JSON.stringify(failure)} ${inspectable(failure)}`;
    for (const secret of Object.values(env)) expect(said).not.toContain(secret.slice(0, 40));
    expect(said).not.toMatch(/canary|Basic |Bearer /);
  });

  test.each(BEDS)('%s: a redirect is not followed, and who asks for time gets it', async (_, start) => {
    const { fake, issuer } = await start();
    fake.fault = 302;
    await expect(issuer.issue()).rejects.toThrow('302');
    expect(fake.calls.filter(({ path }) => path === '/elsewhere')).toEqual([]);
    fake.fault = 429;
    const before = fake.calls.length;
    await expect(issuer.issue()).rejects.toMatchObject({ retryAfterMs: 30_000 });
    expect(fake.calls.length - before).toBe(1);
  });

  test.each(BEDS)('%s: JSON of another shape is no credential', async (_, start) => {
    const { fake, issuer } = await start();
    fake.fault = 'empty';
    await expect(issuer.issue()).rejects.toMatchObject({ code: 'invalid-response' });
  });

  test('nobody at home', async () => {
    const { fake, issuer } = await quay();
    await fake[Symbol.asyncDispose]();
    open.pop();
    await expect(issuer.issue()).rejects.toMatchObject({ code: 'connection-failed', retryable: true });
  });
});

describe('a GitHub App', () => {
  test('gets a token of an hour, by a JWT that GitHub takes, for packages to be read', async () => {
    const { fake, issuer } = await github();
    const issued = await issuer.issue();
    expect(issued.username).toBe('x-access-token');
    expect(issued.secret.reveal()).toBe(fake.tokens[0]);
    expect(lifeOf(issued)).toBeCloseTo(HOUR_MS, -4);
    expect(issued.identity).toBe('installation 815 of GitHub App 4711');
    expect(fake.calls[0]?.body).toEqual({ permissions: { packages: 'read' } });
    expect(issuer.hosts).toEqual(['containers.acme.test']);
  });

  test('a clock that is two minutes off changes neither the life nor the end here', async () => {
    const { fake, issuer } = await github();
    fake.skewMs = 120_000;
    expect(lifeOf(await issuer.issue())).toBeCloseTo(HOUR_MS, -4);
  });

  test.each(['no key', '-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----'])(
    'a key that is none is told without it: %j',
    async (key) => {
      const { entry } = await github();
      const failure = await issuersOf(entry, { env: { KEY: key } })
        .of('containers.acme.test')
        .issue()
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'invalid-config',
        message: 'the environment variable KEY is not the private key of a GitHub App',
      });
      expect(inspectable(failure)).not.toContain('AAAA');
    },
  );
});

describe('a federated robot of Quay', () => {
  test('trades the token of another issuer; the end is that of the JWT, on our clock', async () => {
    const { fake, issuer } = await quay();
    fake.skewMs = -HOUR_MS;
    const issued = await issuer.issue();
    expect(issued).toMatchObject({ username: 'acme+puller', identity: 'acme+puller' });
    expect(issued.secret.reveal()).toBe(fake.tokens[0]);
    expect(lifeOf(issued)).toBeCloseTo(HOUR_MS, -4);
  });

  test('a token that does not tell its end is renewed all the same', async () => {
    const { fake, issuer } = await quay();
    fake.isOpaque = true;
    expect(lifeOf(await issuer.issue())).toBeCloseTo(HOUR_MS / 2, -4);
  });

  test('by a ServiceAccount whose token is asked for each time', async () => {
    const { fake, entry } = await quay();
    const byAccount = entry.replace(
      'token: { env: OIDC }',
      'serviceAccount: { cluster: c1, namespace: ns, name: sa, audience: quay }',
    );
    const asked: unknown[] = [];
    const issuer = issuersOf(byAccount, {
      requestServiceAccountToken: (...about) => {
        asked.push(about);
        return Promise.resolve({ token: new Secret(fake.subject) });
      },
    }).of(fake.host);
    await issuer.issue();
    await issuer.issue();
    expect(asked).toEqual([
      ['c1', 'ns', 'sa', 'quay'],
      ['c1', 'ns', 'sa', 'quay'],
    ]);
  });
});

/** All that a thoughtless logger would print of an error. */
function inspectable(error: unknown): string {
  const parts: string[] = [];
  for (let current = error; current instanceof Error; current = current.cause) {
    parts.push(current.message, current.stack ?? '', JSON.stringify(Object.entries(current)));
  }
  return parts.join(' ');
}
