// What is told of a registry: whether it answers, who we are there, what is left of a quota; and never a secret.
import { afterEach, expect, test } from 'vitest';
import { startRegistry } from '../../../infra/demo/registry.ts';
import type { RegistryOptions } from '../../../infra/demo/registry/options.ts';
import { headManifest } from '../../../shared/oci/manifests.ts';
import { probeRegistry } from '../../../shared/registries/probe-registry.ts';
import type { Registries } from '../../../shared/registries/registries.ts';
import { startBareServer } from '../../support/bare-server.ts';
import { registriesOf } from '../../support/registries-of.ts';

const users = { alice: 'alice-password' };
const LOGIN = 'credential: { username: alice, password: { env: PASSWORD } }';
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function registryAt(options: RegistryOptions): Promise<string> {
  const started = await startRegistry(options);
  open.push(() => started.stop());
  return started.host;
}

function registries(host: string, entry: string, password = 'alice-password'): Registries {
  const opened = registriesOf(`"${host}": { ${entry} }`, { env: { PASSWORD: password } });
  open.push(() => opened.close());
  return opened;
}

const probe = (host: string, entry: string, password?: string) =>
  probeRegistry(registries(host, entry, password).client(host));

test('one that asks for no login', async () => {
  expect(await probe(await registryAt({}), LOGIN)).toEqual({ isReachable: true, login: { kind: 'anonymous' } });
});

test.each(['token', 'basic'] as const)('one that knows us (%s)', async (kind) => {
  const status = await probe(await registryAt({ auth: { kind, users } }), LOGIN);
  expect(status).toEqual({ isReachable: true, login: { kind: 'password', username: 'alice' } });
});

test.each(['token', 'basic'] as const)('one that refuses our login is reachable (%s)', async (kind) => {
  const status = await probe(await registryAt({ auth: { kind, users } }), LOGIN, 'wrong-password');
  expect(status).toMatchObject({
    isReachable: true,
    login: { kind: 'password', username: 'alice' },
    error: { code: 'unauthorized', hint: expect.stringMatching(/login/) },
  });
  expect(JSON.stringify(status)).not.toContain('wrong-password');
});

test('one that is not there', async () => {
  expect(await probe('127.0.0.1:1', LOGIN)).toMatchObject({ isReachable: false, error: { code: 'connection-failed' } });
});

test('one whose secret cannot be read', async () => {
  const host = await registryAt({ auth: { kind: 'basic', users } });
  const status = await probe(host, 'credential: { username: alice, password: { env: UNSET } }');
  expect(status).toMatchObject({ error: { code: 'invalid-config', message: expect.stringContaining('UNSET') } });
});

test('one that hangs is given up', async () => {
  const host = await registryAt({ faults: [{ match: {}, action: { delayMs: 60_000 } }] });
  const client = registries(host, 'plainHttp: true').client(host);
  const status = await probeRegistry(client, 50);
  expect(status).toMatchObject({ isReachable: false, error: { code: 'timeout' } });
});

test('the quota is what the registry last said', async () => {
  let remaining = 100;
  const server = await startBareServer((request, response) => {
    const isManifest = request.url?.includes('/manifests/') === true;
    const quota = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': `${(remaining -= 1)};w=21600` };
    response.writeHead(isManifest ? 404 : 200, isManifest ? quota : {}).end();
  });
  open.push(() => server[Symbol.asyncDispose]());
  const client = registries(server.host, 'plainHttp: true').client(server.host);
  expect(await probeRegistry(client)).not.toHaveProperty('quota');
  await headManifest({ registry: client, name: 'app' }, 'v1');
  await headManifest({ registry: client, name: 'app' }, 'v1');
  const { quota } = await probeRegistry(client);
  expect(quota).toEqual({ limit: 100, remaining: 97, windowSeconds: 21_600, seenAt: expect.any(Date) });
});
