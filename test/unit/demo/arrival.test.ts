// What the demo sees of a copy from outside: bytes as they come in, what came twice, and the moment of the tag.
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { watchTarget } from '../../../infra/demo/arrival.ts';
import { request } from '../../../infra/demo/demo-client.ts';
import { buildImages } from '../../../infra/demo/images.ts';
import { push } from '../../../infra/demo/push.ts';
import { startRegistry } from '../../../infra/demo/registry.ts';

const { app, worker } = buildImages(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const { signal } = new AbortController();
const sizeOfBlobs = (image: typeof app) => image.blobs.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);

test('blobs that another repository has are not waited for', async () => {
  await using registry = await startRegistry({ recordHeaders: true });
  const target = { host: registry.host, registry };
  expect(watchTarget(target, worker).sizeBytes).toBe(sizeOfBlobs(worker));
  await push(target, app);
  const base = app.blobs[0]?.bytes.byteLength ?? 0;
  expect(watchTarget(target, worker).sizeBytes).toBe(sizeOfBlobs(worker) - base);
});

test('bytes are counted as they come, and what comes again as sent twice', async () => {
  await using registry = await startRegistry({ recordHeaders: true });
  const target = { host: registry.host, registry };
  const watch = watchTarget(target, app);
  expect([watch.receivedBytes(), watch.totalBytes()]).toEqual([0, 0]);
  const { bytes } = app.blobs[0]!;
  const path = `${app.repository}/blobs/uploads/`;
  const lost = await request(target, path, { method: 'POST' });
  await request(target, `${lost.headers.get('location')?.replace('/v2/', '')}`, { method: 'PATCH', body: bytes });
  expect(watch.receivedBytes()).toBe(bytes.byteLength);
  watch.restart();
  expect(watch.receivedBytes()).toBe(0);
  await push(target, app);
  expect(watch.receivedBytes()).toBe(watch.sizeBytes);
  expect(watch.totalBytes()).toBe(watch.sizeBytes + bytes.byteLength);
});

test('it has arrived when the tag names it', async () => {
  await using registry = await startRegistry({ recordHeaders: true });
  const target = { host: registry.host, registry };
  const watch = watchTarget(target, app);
  await expect(watch.arrived(signal, 0)).rejects.toThrow('not within 0 s');
  await push(target, { ...app, manifests: app.manifests.map(({ tag: _, ...manifest }) => manifest) });
  await expect(watch.arrived(signal, 0)).rejects.toThrow('not within 0 s');
  await push(target, app);
  expect(await watch.arrived(signal, 0)).toBeLessThanOrEqual(performance.now());
});
