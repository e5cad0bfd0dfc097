// Notifications in the format of CNCF distribution: what is told, in which order, and until it is taken.
// https://distribution.github.io/distribution/about/notifications/
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  descriptor,
  digestOf,
  IMAGE,
  locationOf,
  newBytes,
  pushBlob,
  pushImage,
  putManifest,
  send,
  startOn,
} from './client.ts';

type Event = {
  id: string;
  action: string;
  target: { tag?: string; digest?: string; fromRepository?: string; mediaType?: string };
};
type Delivery = { headers: NodeJS.Dict<string | string[]>; event: Event };

let server: Server;
let url: string;
let deliveries: Delivery[];
/** Statuses for the next requests; 200 when there are none. */
let statuses: number[];

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { events }: { events: [Event] } = JSON.parse(await text(request));
  deliveries.push({ headers: request.headers, event: events[0] });
  response.writeHead(statuses.shift() ?? 200).end();
}

beforeEach(async () => {
  deliveries = [];
  statuses = [];
  server = createServer((request, response) => void receive(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const summary = () => deliveries.map(({ event }) => `${event.action} ${event.target.tag ?? event.target.digest}`);

test('a push, a mount, a pull and deletes are told in order', async () => {
  await using registry = await startOn('memory', { notifications: [{ url }] });
  const bytes = newBytes();
  const blob = await pushBlob(registry, 'a', bytes);
  await send(registry, 'POST', `/v2/b/blobs/uploads/?mount=${blob}&from=a`);
  const manifest = await pushImage(registry, 'a', 'v1', { config: descriptor(bytes, 'x/y'), layers: [] });
  const pushed = deliveries.length;
  const digest = digestOf(manifest);
  await send(registry, 'HEAD', '/v2/a/manifests/v1');
  await send(registry, 'GET', '/v2/a/manifests/v1');
  await send(registry, 'DELETE', '/v2/a/manifests/v1');
  await send(registry, 'DELETE', `/v2/a/manifests/${digest}`);
  await registry.notified();
  expect(pushed).toBeLessThanOrEqual(5);
  expect(summary().slice(0, 2)).toEqual([`push ${blob}`, `mount ${blob}`]);
  expect(summary().slice(-4)).toEqual(['push v1', 'pull v1', 'delete v1', `delete ${digest}`]);
  expect(deliveries[1]?.event.target.fromRepository).toBe('a');
});

test('an event has the fields of the envelope, and the actor who logged in', async () => {
  const headers = { authorization: 'Bearer hook' };
  const auth = { kind: 'basic' as const, users: { alice: 'a' }, anonymousPull: true };
  await using registry = await startOn('memory', { notifications: [{ url, headers }], auth, now: () => 0 });
  const digest = await registry.plantBlob('a', newBytes());
  const login = { authorization: `Basic ${btoa('alice:a')}`, 'user-agent': 'test/1' };
  await send(registry, 'GET', `/v2/a/blobs/${digest}`, { headers: login });
  await registry.notified();
  const [delivery] = deliveries;
  expect(delivery?.headers).toMatchObject({
    authorization: 'Bearer hook',
    'content-type': 'application/vnd.docker.distribution.events.v1+json',
  });
  expect(delivery?.event).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    timestamp: '1970-01-01T00:00:00.000Z',
    action: 'pull',
    target: {
      mediaType: 'application/octet-stream',
      size: 512,
      length: 512,
      digest,
      repository: 'a',
      url: `${registry.url}/v2/a/blobs/${digest}`,
    },
    request: {
      id: expect.any(String),
      addr: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      host: registry.host,
      method: 'GET',
      useragent: 'test/1',
    },
    actor: { name: 'alice' },
    source: { addr: registry.host, instanceID: expect.any(String) },
  });
});

test('a push by digest is told without a tag, one with several tags once for each', async () => {
  await using registry = await startOn('memory', { notifications: [{ url }] });
  const manifest = await pushImage(registry, 'a', 'v1');
  const digest = digestOf(manifest);
  await putManifest(registry, 'a', digest, manifest);
  const created = await putManifest(registry, 'a', `${digest}?tag=x&tag=y`, manifest);
  expect(locationOf(created)).toBe(`/v2/a/manifests/${digest}`);
  await registry.notified();
  expect(summary().slice(-3)).toEqual([`push ${digest}`, 'push x', 'push y']);
  expect(deliveries.at(-1)?.event.target.mediaType).toBe(IMAGE);
});

test('a refused event is tried again with the same id, and holds back the ones behind it', async () => {
  await using registry = await startOn('memory', { notifications: [{ url, backoffMs: 5 }] });
  statuses = [503, 500];
  const [first, second] = [await pushBlob(registry, 'a', newBytes()), await pushBlob(registry, 'a', newBytes())];
  await registry.notified();
  expect(summary()).toEqual([`push ${first}`, `push ${first}`, `push ${first}`, `push ${second}`]);
  expect(new Set(deliveries.map(({ event }) => event.id)).size).toBe(2);
});

test('actions that an endpoint ignores are not sent to it', async () => {
  await using registry = await startOn('memory', { notifications: [{ url, ignoreActions: ['pull'] }] });
  const digest = await pushBlob(registry, 'a', newBytes());
  await send(registry, 'GET', `/v2/a/blobs/${digest}`);
  await registry.notified();
  expect(summary()).toEqual([`push ${digest}`]);
});

test('an endpoint that is gone does not keep the registry from stopping', async () => {
  const registry = await startOn('memory', { notifications: [{ url: 'http://127.0.0.1:9/hook', backoffMs: 60_000 }] });
  await pushBlob(registry, 'a', newBytes());
  await registry.stop();
  await expect(registry.notified()).resolves.toBeUndefined();
});

test('an endpoint that was taken away is told no more, and told again when it is back', async () => {
  await using registry = await startOn('memory', { notifications: [{ url }] });
  const first = await pushBlob(registry, 'a', newBytes());
  const [endpoint] = registry.notifications.splice(0);
  await pushBlob(registry, 'a', newBytes());
  registry.notifications.push(endpoint!);
  const third = await pushBlob(registry, 'a', newBytes());
  await registry.notified();
  expect(summary()).toEqual([`push ${first}`, `push ${third}`]);
});
