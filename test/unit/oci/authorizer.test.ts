// The Authorization header of every request: challenges, exchanges counted, credentials renewed; rules named after their advisories.
import { expect, test } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import type { TokenRequest } from '../../../shared/oci/auth/authorization.ts';
import { createAuthorizer } from '../../../shared/oci/auth/authorizer.ts';
import { anonymous } from '../../../shared/oci/auth/credential.ts';
import type { Credential } from '../../../shared/oci/auth/credential.ts';
import { checkRealm } from '../../../shared/oci/egress/egress-guard.ts';
import type { Scope } from '../../../shared/oci/registry-request.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

const BEARER = 'Bearer realm="https://auth.acme.io/token",service="registry.acme.io"';
const PULL: Scope[] = [{ repository: 'a', actions: ['pull'] }];
const PUSH: Scope[] = [{ repository: 'a', actions: ['pull', 'push'] }];

const basic = (password = 'secret') =>
  ({ kind: 'basic', username: 'alice', password: new Secret(password) }) satisfies Credential;

/** A token server that issues T1, T2 … and a source of credentials that can change; both keep count. */
function startBed(start: Credential, baseUrl = 'https://registry.acme.io') {
  const bed = {
    clock: 0,
    credential: start,
    loads: 0,
    requests: [] as TokenRequest[],
    status: (_request: TokenRequest): number => 200,
    scopes: () => bed.requests.map(({ url }) => url.searchParams.getAll('scope')),
  };
  const policy = { registryUrl: new URL(baseUrl), trustedHosts: [] };
  const authorizer = createAuthorizer({
    registry: 'registry.acme.io',
    baseUrl: policy.registryUrl,
    now: () => bed.clock,
    credentials: async () => {
      bed.loads += 1;
      return bed.credential;
    },
    guardRealm: async (url) => void (await checkRealm(url, policy)),
    exchange: async (request) => {
      bed.requests.push(request);
      const token = `T${bed.requests.length}`;
      await Promise.resolve();
      const body = new TextEncoder().encode(JSON.stringify({ token, expires_in: 300 }));
      return { status: bed.status(request), headers: {}, body };
    },
  });
  return Object.assign(bed, authorizer);
}

test('sends nothing before the registry asks, and loads no credential', async () => {
  const bed = startBed(basic());
  await expect(bed.authorize(PULL)).resolves.toBeUndefined();
  expect([bed.loads, bed.requests.length]).toEqual([0, 0]);
});

test('remembers the challenge, so that later requests cost nothing more', async () => {
  const bed = startBed(basic());
  await expect(bed.challenged(BEARER, PULL, undefined, false)).resolves.toBe('retry');
  await expect(bed.authorize(PULL)).resolves.toBe('Bearer T1');
  await expect(bed.authorize(PULL)).resolves.toBe('Bearer T1');
  await expect(bed.authorize(PUSH)).resolves.toBe('Bearer T2');
  await expect(bed.authorize(PULL)).resolves.toMatch(/^Bearer T[12]$/);
  expect([bed.loads, bed.requests.length]).toEqual([1, 2]);
});

test('ocync 272 instead of 5: parallel requests for the same access make one exchange', async () => {
  const bed = startBed(basic());
  const run = async (scopes: Scope[]) => {
    await bed.challenged(BEARER, scopes, undefined, false);
    return bed.authorize(scopes);
  };
  const headers = await Promise.all(Array.from({ length: 100 }, () => run(PUSH)));
  expect(new Set(headers)).toEqual(new Set(['Bearer T1']));
  await Promise.all(Array.from({ length: 100 }, () => run(PULL)));
  expect([bed.loads, bed.requests.length]).toEqual([1, 1]);
});

test('ocync 272 instead of 5: parallel refusals of one old token make one exchange more', async () => {
  const bed = startBed(basic());
  await bed.challenged(BEARER, PULL, undefined, false);
  await bed.authorize(PULL);
  const run = async () => {
    await expect(bed.challenged(BEARER, PULL, 'Bearer T1', false)).resolves.toBe('retry');
    return bed.authorize(PULL);
  };
  const headers = await Promise.all(Array.from({ length: 50 }, run));
  expect(new Set(headers)).toEqual(new Set(['Bearer T2']));
  expect([bed.loads, bed.requests.length]).toEqual([2, 2]);
});

test('asks one token for a mount: target pull,push first, then source pull; it serves both alone', async () => {
  const bed = startBed(basic());
  await bed.challenged(BEARER, PUSH, undefined, false);
  const mount: Scope[] = [...PUSH, { repository: 'source', actions: ['pull'] }];
  await bed.authorize(mount);
  expect(bed.scopes()).toEqual([['repository:a:pull,push', 'repository:source:pull']]);
  await bed.authorize(PUSH);
  await bed.authorize([{ repository: 'source', actions: ['pull'] }]);
  expect(bed.requests).toHaveLength(1);
});

test('where only the first scope of a token counts, the refused access gets its own token', async () => {
  const bed = startBed(basic());
  const source: Scope[] = [{ repository: 'source', actions: ['pull'] }];
  await bed.challenged(BEARER, PUSH, undefined, false);
  await bed.authorize([...PUSH, ...source]);
  await expect(bed.challenged(`${BEARER},error="insufficient_scope"`, source, 'Bearer T1', false)).resolves.toBe(
    'retry',
  );
  await expect(bed.authorize(source)).resolves.toBe('Bearer T2');
  await expect(bed.authorize(PUSH)).resolves.toBe('Bearer T1');
});

test('insufficient_scope leads to one more exchange with what the registry asks for, then to the end', async () => {
  const bed = startBed(basic());
  await bed.challenged(BEARER, PULL, undefined, false);
  await bed.authorize(PULL);
  const refusal = `${BEARER},scope="repository:proxy/a:pull",error="insufficient_scope"`;
  await expect(bed.challenged(refusal, PULL, 'Bearer T1', false)).resolves.toBe('retry');
  await bed.authorize(PULL);
  expect(bed.scopes()[1]).toEqual(['repository:a:pull', 'repository:proxy/a:pull']);
  await expect(bed.challenged(refusal, PULL, 'Bearer T2', true)).resolves.toBe('give-up');
});

test('asks for the scope of the challenge where the request names none', async () => {
  const bed = startBed(basic());
  await bed.challenged(`${BEARER},scope="registry:catalog:*"`, [], undefined, false);
  await bed.authorize([]);
  expect(bed.scopes()).toEqual([['registry:catalog:*']]);
});

test('renews a token before it expires, and before a body that it would not outlive', async () => {
  const bed = startBed(basic());
  await bed.challenged(BEARER, PUSH, undefined, false);
  await bed.authorize(PUSH);
  bed.clock = 200_000;
  await expect(bed.authorize(PUSH)).resolves.toBe('Bearer T1');
  await expect(bed.authorize(PUSH, { minimumLifeMs: 120_000 })).resolves.toBe('Bearer T2');
  bed.clock = 480_000;
  await expect(bed.authorize(PUSH)).resolves.toBe('Bearer T3');
});

test('a refused token is dropped and the credential asked for again', async () => {
  const bed = startBed(basic('old'));
  await bed.challenged(BEARER, PULL, undefined, false);
  await bed.authorize(PULL);
  bed.credential = basic('new');
  await expect(bed.challenged(BEARER, PULL, 'Bearer T1', false)).resolves.toBe('retry');
  await bed.authorize(PULL);
  const sent = Buffer.from(bed.requests[1]?.headers['authorization']?.slice(6) ?? '', 'base64').toString();
  expect(sent).toBe('alice:new');
});

test('a password that the token server stopped taking is looked up again, once', async () => {
  const bed = startBed(basic('old'));
  await bed.challenged(BEARER, PULL, undefined, false);
  await bed.authorize(PULL);
  const renewed = `Basic ${Buffer.from('alice:new').toString('base64')}`;
  bed.status = ({ headers }) => (headers['authorization'] === renewed ? 200 : 401);
  bed.clock = 400_000;
  await expect(bed.authorize(PULL)).rejects.toMatchObject({ code: 'unauthorized' });
  expect(bed.requests).toHaveLength(2);
  bed.credential = basic('new');
  await expect(bed.authorize(PULL)).resolves.toBe('Bearer T4');
});

test('a failed exchange is shared by those that wait for it, and not kept', async () => {
  const bed = startBed(basic());
  await bed.challenged(BEARER, PULL, undefined, false);
  bed.status = () => 503;
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => bed.authorize(PULL)));
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  expect(bed.requests).toHaveLength(1);
  bed.status = () => 200;
  await expect(bed.authorize(PULL)).resolves.toBe('Bearer T2');
});

test('a credential source that fails once is asked again', async () => {
  let calls = 0;
  const authorizer = createAuthorizer({
    registry: 'r',
    baseUrl: new URL('https://r.example'),
    now: () => 0,
    guardRealm: () => {},
    exchange: () => Promise.reject(new Error('unused')),
    credentials: async () => {
      calls += 1;
      if (calls === 1) throw new TransshipError('credential-helper-failed', 'x');
      return basic();
    },
  });
  await expect(authorizer.challenged('Basic', PULL, undefined, false)).rejects.toMatchObject({
    code: 'credential-helper-failed',
  });
  await expect(authorizer.challenged('Basic', PULL, undefined, false)).resolves.toBe('retry');
});

test('CVE-2026-35172: repositories with different logins never share a token', async () => {
  const logins = { a: basic('for-a'), b: basic('for-b') };
  const sent: string[] = [];
  const authorizer = createAuthorizer({
    registry: 'r',
    baseUrl: new URL('https://r.example'),
    now: () => 0,
    guardRealm: () => {},
    credentials: async ({ repository }) => (repository === 'a' ? logins.a : logins.b),
    exchange: async ({ headers }) => {
      sent.push(headers['authorization'] ?? '');
      return { status: 200, headers: {}, body: new TextEncoder().encode(`{"token":"T${sent.length}"}`) };
    },
  });
  const both: Scope[] = [
    { repository: 'a', actions: ['pull'] },
    { repository: 'b', actions: ['pull'] },
  ];
  await authorizer.challenged('Bearer realm="https://r.example/token"', both, undefined, false);
  await expect(authorizer.authorize(both)).resolves.toBe('Bearer T1');
  await expect(authorizer.authorize([{ repository: 'b', actions: ['pull'] }])).resolves.toBe('Bearer T2');
  expect(new Set(sent).size).toBe(2);
});

test.each([
  ['CVE-2026-33540', 'https://evil.example/token', 'egress-denied'],
  ['CVE-2026-48978', 'http://auth.acme.io/token', 'egress-denied'],
  ['CVE-2026-48978', 'http://169.254.169.254/latest', 'egress-denied'],
  ['CVE-2026-48978', 'https://127.1/token', 'egress-denied'],
  ['CVE-2026-48978', 'https://[::ffff:a9fe:a9fe]/', 'egress-denied'],
  ['a relative realm', '/token', 'invalid-response'],
  ['an empty realm', '', 'invalid-response'],
])('%s: the realm "%s" is refused before a credential is loaded', async (_name, realm, code) => {
  const bed = startBed(basic());
  const header = `Bearer realm="${realm}",service="x", Basic realm="y"`;
  await expect(bed.challenged(header, PULL, undefined, false)).rejects.toMatchObject({
    code,
    hint: expect.any(String),
  });
  await expect(bed.authorize(PULL)).resolves.toBeUndefined();
  expect([bed.loads, bed.requests.length]).toEqual([0, 0]);
});

test('a challenge without a realm is an invalid response', async () => {
  const bed = startBed(basic());
  await expect(bed.challenged('Bearer service="x"', PULL, undefined, false)).rejects.toMatchObject({
    code: 'invalid-response',
  });
});

test('a plain HTTP registry on loopback may have its realm on its own host', async () => {
  const bed = startBed(basic(), 'http://127.0.0.1:5000');
  await bed.challenged('Bearer realm="http://127.0.0.1:5001/token"', PULL, undefined, false);
  await expect(bed.authorize(PULL)).resolves.toBe('Bearer T1');
});

test('a later challenge cannot move the realm to another domain', async () => {
  const bed = startBed(basic());
  await bed.challenged(BEARER, PULL, undefined, false);
  await bed.authorize(PULL);
  const moved = bed.challenged('Bearer realm="https://evil.example/token"', PULL, 'Bearer T1', false);
  await expect(moved).rejects.toMatchObject({ code: 'egress-denied' });
  expect(bed.requests.every(({ url }) => url.host === 'auth.acme.io')).toBe(true);
});

test.each([
  ['Basic realm="x", Bearer realm="https://auth.acme.io/token"', 'Bearer T1'],
  ['Negotiate, Basic realm="x"', `Basic ${Buffer.from('alice:secret').toString('base64')}`],
  ['Negotiate abc==, Bearer realm="https://auth.acme.io/token",service="a, Basic b"', 'Bearer T1'],
])('answers %s', async (header, expected) => {
  const bed = startBed(basic());
  await expect(bed.challenged(header, PULL, undefined, false)).resolves.toBe('retry');
  await expect(bed.authorize(PULL)).resolves.toBe(expected);
});

test.each([undefined, '', 'Negotiate', 'Digest realm="x"'])('gives up on the challenge %j', async (header) => {
  const bed = startBed(basic());
  await expect(bed.challenged(header, PULL, undefined, false)).resolves.toBe('give-up');
  expect(bed.loads).toBe(0);
});

test('Basic is tried again only with another credential', async () => {
  const bed = startBed(basic('old'));
  await bed.challenged('Basic', PULL, undefined, false);
  const used = await bed.authorize(PULL);
  await expect(bed.challenged('Basic', PULL, used, false)).resolves.toBe('give-up');
  bed.credential = basic('new');
  await expect(bed.challenged('Basic', PULL, used, false)).resolves.toBe('retry');
  await expect(bed.authorize(PULL)).resolves.not.toBe(used);
});

test('a Basic challenge ends an anonymous request', async () => {
  const bed = startBed(anonymous);
  await expect(bed.challenged('Basic', PULL, undefined, false)).resolves.toBe('give-up');
  expect(bed.refusal(PULL, 'read manifest')).toMatchObject({
    code: 'unauthorized',
    message: 'registry.acme.io refused the anonymous request: read manifest in a',
    hint: expect.stringContaining('docker login registry.acme.io'),
    details: {
      anonymous: true,
      registry: 'registry.acme.io',
      repository: 'a',
      operation: 'read manifest',
      status: 401,
    },
  });
});

test('an anonymous request gets an anonymous token', async () => {
  const bed = startBed(anonymous);
  await bed.challenged(BEARER, PULL, undefined, false);
  await expect(bed.authorize(PULL)).resolves.toBe('Bearer T1');
  expect(bed.requests[0]?.headers).toEqual({});
});

test('a ready registry token is sent without an exchange, and not twice', async () => {
  const bed = startBed({ kind: 'registryToken', token: new Secret('ready') });
  await expect(bed.challenged(BEARER, PULL, undefined, false)).resolves.toBe('retry');
  await expect(bed.authorize(PULL)).resolves.toBe('Bearer ready');
  await expect(bed.challenged(BEARER, PULL, 'Bearer ready', false)).resolves.toBe('give-up');
  expect(bed.requests).toHaveLength(0);
});

test('the error after giving up names the login, never the secret', async () => {
  const bed = startBed(basic('password-canary'));
  await bed.challenged(BEARER, PULL, undefined, false);
  const used = await bed.authorize(PULL);
  await bed.challenged(BEARER, PULL, used, true);
  const error = bed.refusal(PULL, 'upload blob');
  expect(error.message).toBe('registry.acme.io refused the login of "alice": upload blob in a');
  expect(JSON.stringify(error)).not.toMatch(/canary|T1/);
});
