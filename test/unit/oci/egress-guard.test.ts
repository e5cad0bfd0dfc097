// What the egress guard lets through: URLs by purpose, realms, resolved addresses; rules named after their advisories.
import { once } from 'node:events';
import net from 'node:net';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTransshipError } from '../../../shared/errors.ts';
import { checkAddress, checkRealm, checkUrl, guardedLookup } from '../../../shared/oci/egress/egress-guard.ts';
import type { EgressPurpose, Lookup } from '../../../shared/oci/egress/egress-guard.ts';
import { originOf } from '../../../shared/oci/egress/egress-policy.ts';
import type { EgressPolicy } from '../../../shared/oci/egress/egress-policy.ts';

function policyFor(registryUrl: string, ...trustedHosts: string[]): EgressPolicy {
  return { registryUrl: new URL(registryUrl), trustedHosts };
}

function originAt(url: string): string {
  return originOf(new URL(url));
}

const acme = policyFor('https://registry.acme.io');
const denied = expect.objectContaining({ code: 'egress-denied' });

function refusalOf(url: string, purpose: EgressPurpose, policy: EgressPolicy, from?: string): unknown {
  try {
    checkUrl(new URL(url), purpose, policy, from === undefined ? undefined : new URL(from));
    return undefined;
  } catch (error) {
    return error;
  }
}

test.each([
  ['the registry on its own port', 'https://registry.acme.io/v2/', acme],
  ['the registry on another port', 'https://registry.acme.io:8443/v2/', acme],
  ['upper case', 'https://REGISTRY.Acme.IO/v2/', acme],
  ['a final dot', 'https://registry.acme.io./v2/', acme],
  ['an international name', 'https://пример.рф/v2/', policyFor('https://xn--e1afmkfd.xn--p1ai')],
  ['a private registry', 'https://10.1.2.3:5000/v2/', policyFor('https://10.1.2.3:5000')],
  ['a loopback registry over plain HTTP', 'http://127.0.0.1:5000/v2/', policyFor('http://127.0.0.1:5000')],
  ['a registry without a dot', 'http://registry:5000/v2/', policyFor('http://registry:5000')],
  ['an IPv6 registry', 'http://[::1]:5000/v2/', policyFor('http://[0:0:0:0:0:0:0:1]:5000')],
  ['a trusted host', 'https://minio.acme.lan/x', policyFor('https://registry.acme.io', 'minio.acme.lan')],
  ['a trusted host with its port', 'https://10.0.0.9:9000/x', policyFor('https://registry.acme.io', '10.0.0.9:9000')],
  ['a trusted suffix', 'https://a.b.store.lan/x', policyFor('https://registry.acme.io', '*.store.lan')],
  [
    'a trusted plain HTTP host of a plain HTTP registry',
    'http://minio.lan:9000/',
    policyFor('http://r.lan', 'minio.lan:9000'),
  ],
])('trusts %s', (_name, url, policy) => {
  expect(checkUrl(new URL(url), 'redirect', policy)).toEqual({ trusted: true });
});

test.each(['https://cdn.example.net/blob?sig=1', 'https://8.8.8.8/blob', 'https://[2606:4700::1111]/blob'])(
  'lets a redirect go to the public https URL %s, but without trust',
  (url) => {
    for (const purpose of ['redirect', 'location', 'urls'] as const) {
      expect(checkUrl(new URL(url), purpose, acme)).toEqual({ trusted: false });
    }
  },
);

test.each([
  'http://cdn.example.net/',
  'http://registry.acme.io/',
  'ftp://registry.acme.io/',
  'file:///etc/passwd',
  'data:text/plain,x',
  'https://user@registry.acme.io/',
  'https://:password@cdn.example.net/',
  'https://localhost/',
  'https://localhost./',
  'https://a.localhost/',
  'https://printer.local/',
  'https://metadata.google.internal/',
  'https://vault.svc/',
  'https://vault/',
  'https://10.0.0.1/',
  'https://0.0.0.0/',
  'https://[fd00:ec2::254]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[::ffff:10.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://169.254.169.254/latest/',
  'https://127.1/',
  'https://0x7f000001/',
  'https://2130706433/',
  'https://100.100.100.200/',
  'https://168.63.129.16/',
])('CVE-2026-48978: never follows a registry to %s', (url) => {
  for (const purpose of ['redirect', 'location', 'urls', 'link', 'registry'] as const) {
    expect(refusalOf(url, purpose, acme)).toEqual(denied);
  }
});

test('keeps pages and API requests on the hosts of the registry', () => {
  for (const purpose of ['registry', 'link'] as const) {
    expect(refusalOf('https://cdn.example.net/v2/', purpose, acme)).toEqual(denied);
    expect(refusalOf('https://registry.acme.io/v2/', purpose, acme)).toBeUndefined();
  }
});

test('never goes from https back to http, not even on the host of a plain HTTP registry', () => {
  const plain = policyFor('http://registry.lan:5000');
  expect(refusalOf('http://registry.lan:5000/x', 'redirect', plain, 'http://registry.lan:5000/')).toBeUndefined();
  expect(refusalOf('http://registry.lan:5000/x', 'redirect', plain, 'https://cdn.example.net/')).toEqual(denied);
});

test('names the registry, the host without its query, and trustedHosts', () => {
  const error = refusalOf('https://10.0.0.1:9000/bucket?X-Amz-Signature=canary', 'location', acme);
  expect(isTransshipError(error, 'egress-denied') && error.message).toBe(
    'registry.acme.io points to https://10.0.0.1:9000 (location), which is refused: it is a private address',
  );
  expect(isTransshipError(error) && error.hint).toBe(
    'if that host belongs to your registry, add "10.0.0.1:9000" to the trustedHosts of registry.acme.io',
  );
  expect(JSON.stringify(error)).not.toContain('canary');
});

// Each pair differs by a substring, a port or a label; none may be mistaken for the other.
test.each([
  ['https://docker.io', 'https://evil-docker.io'],
  ['https://docker.io', 'https://docker.io.evil.net'],
  ['https://evil-docker.io', 'https://docker.io'],
  ['https://registry.acme.io', 'https://acme.io'],
  ['https://registry.acme.io', 'https://eregistry.acme.io'],
  ['https://registry.acme.io', 'https://registry.acm.io'],
])('CVE-2026-59891: %s does not trust %s', (registry, other) => {
  expect(checkUrl(new URL(other), 'redirect', policyFor(registry))).toEqual({ trusted: false });
});

test.each([
  ['minio.acme.io', 'https://minio.acme.io:9000/'],
  ['minio.acme.io:9000', 'https://minio.acme.io/'],
  ['minio.acme.io:9000', 'https://minio.acme.io:9001/'],
  ['acme.io', 'https://minio.acme.io/'],
  ['*.acme.io', 'https://acme.io/'],
  ['*.acme.io', 'https://evilacme.io/'],
  ['*.acme.io', 'https://x.acme.io:9000/'],
  ['*.io', 'https://evil.io/'],
  ['*', 'https://evil.io/'],
  ['*.', 'https://evil.io/'],
  ['', 'https://evil.io/'],
  ['https://evil.io', 'https://evil.io/'],
  ['acme.io@evil.io', 'https://evil.io/'],
  ['acme.io/evil.io', 'https://evil.io/'],
  ['*.2.3.4', 'https://1.2.3.4/'],
])('CVE-2026-59891: the trusted host "%s" does not cover %s', (entry, url) => {
  expect(checkUrl(new URL(url), 'redirect', policyFor('https://registry.example', entry))).toEqual({ trusted: false });
});

test('no host outside the policy is ever trusted, and none that is not trusted is inside', async () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?$/).filter((text) => !text.includes('--'));
  const noise = fc.constantFrom(
    '',
    'evil-',
    'evil.',
    '-',
    '.',
    'registry.acme.io',
    'acme.io',
    'docker.io',
    'store.lan',
  );
  const host = fc.oneof(
    fc
      .tuple(noise, fc.array(label, { minLength: 1, maxLength: 4 }), noise)
      .map(([a, labels, b]) => a + labels.join('.') + b),
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
  );
  const port = fc.constantFrom('', ':443', ':80', ':5000');
  const policy = policyFor('https://registry.acme.io', 'exact.acme.io:5000', '*.store.lan');
  await fc.assert(
    fc.asyncProperty(host, port, async (name, suffix) => {
      const text = `https://${name}${suffix}/`;
      fc.pre(URL.canParse(text));
      const url = new URL(text);
      const plain = url.hostname.replace(/\.$/, '');
      const configured =
        plain === 'registry.acme.io' ||
        (plain === 'exact.acme.io' && url.port === '5000') ||
        (plain.endsWith('.store.lan') && url.port === '');
      const verdicts = [
        await attempt(() => checkUrl(url, 'redirect', policy)),
        await attempt(() => checkUrl(url, 'location', policy)),
        await attempt(() => checkRealm(url, policy)),
      ];
      for (const verdict of verdicts) expect(verdict?.trusted ?? false).toBe(configured);
    }),
    { numRuns: 500 },
  );
});

async function attempt(check: () => { trusted: boolean } | Promise<{ trusted: boolean }>) {
  try {
    return await check();
  } catch (error) {
    if (!isTransshipError(error, 'egress-denied')) throw error;
    return undefined;
  }
}

test.each([
  ['the same host', 'https://registry.acme.io', 'https://registry.acme.io:8443/token', true],
  ['a sibling', 'https://registry.acme.io', 'https://auth.acme.io/token', false],
  ['the parent', 'https://registry.gitlab.com', 'https://gitlab.com/jwt/auth', false],
  ['a sibling under co.uk', 'https://registry.acme.co.uk', 'https://auth.acme.co.uk/token', false],
  ['Docker Hub', 'https://registry-1.docker.io', 'https://auth.docker.io/token', false],
  ['its own host over plain HTTP', 'http://127.0.0.1:5000', 'http://127.0.0.1:5001/token', true],
])('accepts a realm on %s', async (_name, registry, realm, trusted) => {
  await expect(checkRealm(new URL(realm), policyFor(registry))).resolves.toEqual({ trusted });
});

test('accepts a foreign realm that trustedHosts names', async () => {
  const policy = policyFor('https://registry.acme.io', 'sso.example.org');
  await expect(checkRealm(new URL('https://sso.example.org/token'), policy)).resolves.toEqual({ trusted: true });
});

test.each([
  ['https://registry.acme.io', 'https://evil.example/token'],
  ['https://registry.acme.io', 'https://acme.io.evil.example/token'],
  ['https://registry.acme.io', 'https://evilacme.io/token'],
  ['https://registry.acme.co.uk', 'https://evil.co.uk/token'],
  ['https://acme.github.io', 'https://evil.github.io/token'],
  ['https://acme-x.a.run.app', 'https://evil-x.a.run.app/token'],
  ['https://acme.execute-api.eu-west-1.amazonaws.com', 'https://evil.execute-api.eu-west-1.amazonaws.com/token'],
  ['https://registry.a.svc.cluster.local', 'https://auth.b.svc.cluster.local/token'],
  ['https://registry.a.prod.unlisted-suffix', 'https://auth.b.prod.unlisted-suffix/token'],
  ['https://8.8.8.8', 'https://8.8.4.4/token'],
])('CVE-2026-33540: a registry at %s may not name the realm %s', async (registry, realm) => {
  await expect(checkRealm(new URL(realm), policyFor(registry))).rejects.toEqual(denied);
});

test.each([
  'http://registry.acme.io/token',
  'http://auth.acme.io/token',
  'http://169.254.169.254/token',
  'https://169.254.169.254/token',
  'https://127.1/token',
  'https://0x7f000001/token',
  'https://[::ffff:a9fe:a9fe]/token',
  'https://user:password@auth.acme.io/token',
])('CVE-2026-48978: refuses the realm %s', async (realm) => {
  await expect(checkRealm(new URL(realm), acme)).rejects.toEqual(denied);
});

test('GHSA-vh4v-2xq2-g5cg, GHSA-jxpm-75mh-9fp7: an origin is scheme, host and port', () => {
  expect(originAt('https://Registry.acme.io:443/v2/?a#b')).toBe('https://registry.acme.io');
  expect(originAt('http://registry.acme.io:80')).toBe('http://registry.acme.io');
  const different = [
    'https://registry.acme.io',
    'http://registry.acme.io',
    'https://registry.acme.io:8443',
    'https://registry.acme.io:80',
    'https://acme.io',
    'https://registry.acme.io.evil.net',
    'file:///registry.acme.io',
    'data:registry.acme.io',
  ];
  expect(new Set(different.map(originAt)).size).toBe(different.length);
});

const answering =
  (...addresses: string[]): Lookup =>
  (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: net.isIP(address) })),
    );

async function resolve(lookup: Lookup, options: { trusted: boolean; all?: boolean }): Promise<unknown> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<unknown>();
  guardedLookup({ trusted: options.trusted }, lookup)(
    'host.example',
    { all: options.all ?? true },
    (error, address, family) =>
      error === null ? settle(options.all === false ? [address, family] : address) : reject(error),
  );
  return promise;
}

test('hands back the checked addresses in both forms of Node', async () => {
  const lookup = answering('8.8.8.8', '2606:4700::1111');
  await expect(resolve(lookup, { trusted: false })).resolves.toEqual([
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ]);
  await expect(resolve(lookup, { trusted: false, all: false })).resolves.toEqual(['8.8.8.8', 4]);
});

test.each([
  '127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '169.254.1.1',
  '::ffff:7f00:1',
  'fd00::1',
  '0.0.0.0',
  '198.18.0.1',
])('go-containerregistry#2258: a foreign host with %s among its addresses is refused', async (address) => {
  for (const all of [true, false]) {
    await expect(resolve(answering('8.8.8.8', address), { trusted: false, all })).rejects.toEqual(denied);
  }
});

test('go-containerregistry#2258: asks the name server once, so that a second answer cannot lead elsewhere', async () => {
  let calls = 0;
  const rebinding: Lookup = (hostname, options, callback) => {
    calls += 1;
    answering(calls === 1 ? '8.8.8.8' : '127.0.0.1')(hostname, options, callback);
  };
  await expect(resolve(rebinding, { trusted: false })).resolves.toEqual([{ address: '8.8.8.8', family: 4 }]);
  expect(calls).toBe(1);
  await expect(resolve(rebinding, { trusted: false })).rejects.toEqual(denied);
});

test('a configured registry may have a private address, but not that of a metadata service', async () => {
  await expect(resolve(answering('10.0.0.1', '127.0.0.1'), { trusted: true })).resolves.toHaveLength(2);
  await expect(resolve(answering('169.254.169.254'), { trusted: true })).rejects.toEqual(denied);
  expect(() => checkAddress('169.254.169.254', { trusted: true }, '169.254.169.254')).not.toThrow();
});

test('passes on the failure of the name server, and an empty answer as one', async () => {
  const failure = Object.assign(new Error('x'), { code: 'EAI_AGAIN' });
  const failing: Lookup = (_hostname, _options, callback) => callback(failure, []);
  await expect(resolve(failing, { trusted: false })).rejects.toBe(failure);
  await expect(resolve(answering(), { trusted: false })).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('go-containerregistry#2258: keeps a real socket from a loopback server behind a foreign name', async () => {
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    socket.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const connect = (trusted: boolean) =>
    net.connect({ host: 'rebound.example', port, lookup: guardedLookup({ trusted }, answering('127.0.0.1')) });
  const [error] = await once(connect(false), 'error').catch((error: unknown) => [error]);
  expect(error).toEqual(denied);
  expect(connections).toBe(0);
  const trusted = connect(true).resume();
  await once(trusted, 'close');
  expect(connections).toBe(1);
  server.close();
});

test.each(['127.0.0.1', '10.0.0.5', '169.254.169.254', 'fd00::1', '::ffff:10.0.0.5'])(
  'keeps a registry that nobody configured from %s, and does not tell what its name stands for',
  (address) => {
    const policy: EgressPolicy = { ...policyFor('https://inner.acme.io', 'inner.acme.io'), publicOnly: true };
    const trust = checkUrl(new URL('https://inner.acme.io/v2/'), 'registry', policy);
    const refusal = thrownBy(() => checkAddress(address, trust, 'inner.acme.io'));
    expect(refusal).toEqual(denied);
    expect(inspect(refusal)).not.toContain(`${address}'`);
    expect(refusal.message).not.toContain(address);
    expect(() => checkAddress('8.8.8.8', trust, 'inner.acme.io')).not.toThrow();
  },
);

function thrownBy(work: () => void): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
