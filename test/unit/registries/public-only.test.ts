// A registry that nobody configured is reached at public addresses only, whatever its name stands for.
import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { isPublicOnly, mayBeReached } from '../../../functions/http-api/reachable-registry.ts';
import { probeRegistry } from '../../../shared/registries/probe-registry.ts';
import { openRegistries } from '../../../shared/registries/registries.ts';
import { configOf, CONFIG } from '../../support/http-api/api-bed.ts';

const config = configOf(CONFIG);

it.each([
  ['src.example.com', true, false],
  ['tools.example.com', true, false],
  ['other.example.com', true, true],
  ['8.8.8.8', true, true],
  ['10.0.0.5:5000', false, false],
  ['localhost:5000', false, false],
  ['registry.corp', false, false],
])('of %s: others may name it: %s, only at public addresses: %s', (host, others, onlyPublic) => {
  expect([mayBeReached(host, config), isPublicOnly(host, config)]).toEqual([others, onlyPublic]);
});

it('opens no connection to an inner address for it', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const registries = openRegistries({
    credentials: () => Promise.resolve({ kind: 'anonymous' }),
    env: {},
    retries: { tries: 1 },
    // the one name that is on loopback wherever this runs
    isPublicOnly: (host) => host.startsWith('localhost'),
    registries: [{ host: `localhost:${port}`, plainHttp: true }],
  });
  const { isReachable, error } = await probeRegistry(registries.client(`localhost:${port}`));
  expect([isReachable, error?.code, connections]).toEqual([false, 'egress-denied', 0]);
  expect(error?.message).not.toMatch(/127\.0\.0\.1|::1/);
  await registries.close();
  server.close();
});
