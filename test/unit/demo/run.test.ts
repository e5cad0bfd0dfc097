// The demo with copies that are not what they should be: its proof must notice.
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import type { DemoEvent } from '../../../infra/demo/demo-event.ts';
import { buildImages } from '../../../infra/demo/images.ts';
import { proveBelongings, proveContent, proveLoginIsBound } from '../../../infra/demo/proof.ts';
import { push } from '../../../infra/demo/push.ts';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { runDemo } from '../../../infra/demo/run.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const images = buildImages(privateKey);

test('a copier that copies nothing is not believed', async () => {
  const events: DemoEvent[] = [];
  const proved = await runDemo({
    openCopier: async () => ({
      copy: async (reference) => ({ source: { reference, requests: 0 }, targets: [] }),
      close: async () => undefined,
    }),
    tell: (event) => events.push(event),
    keep: false,
    signal: new AbortController().signal,
    onExit: () => () => undefined,
  });
  expect(proved).toBe(false);
  expect(events.at(-1)).toMatchObject({ type: 'report', proved: false });
  expect(events.filter((event) => event.type === 'check' && event.holds)).toEqual([]);
});

test('what was pushed proves itself, and a single wrong byte does not', async () => {
  await using registry = await startRegistry();
  await push(registry, images.worker);
  expect(await proveContent(registry, [images.worker])).toMatchObject({ holds: true });
  const [{ bytes, descriptor }] = images.worker.blobs as [(typeof images.worker.blobs)[number]];
  const wrong = Buffer.from(bytes);
  wrong[wrong.length - 1]! ^= 1;
  await registry.plantBlob(images.worker.repository, wrong, descriptor.digest);
  expect(await proveContent(registry, [images.worker])).toMatchObject({
    holds: false,
    detail: expect.stringContaining('came back as'),
  });
});

test('a signature by another key does not hold', async () => {
  await using registry = await startRegistry();
  await push(registry, images.app);
  expect(await proveBelongings(registry, images.app, publicKey)).toMatchObject({ holds: true });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  expect(await proveBelongings(registry, images.app, other.publicKey)).toMatchObject({
    holds: false,
    detail: 'the signature does not hold',
  });
});

test('a login that reached another registry is noticed', async () => {
  const options = { recordHeaders: true };
  await using source = await startRegistry(options);
  await using open = await startRegistry(options);
  await using locked = await startRegistry(options);
  const headers = { authorization: 'Basic eDp5' };
  await fetch(`${locked.url}/v2/`, { headers });
  expect(proveLoginIsBound({ source, open, locked })).toMatchObject({ holds: true });
  await fetch(`${open.url}/v2/`, { headers });
  expect(proveLoginIsBound({ source, open, locked })).toMatchObject({
    holds: false,
    detail: `${open.host} got an Authorization header`,
  });
});

test('the same images are built every time, but for their signature', () => {
  const again = buildImages(privateKey);
  expect(again.app.digest).toBe(images.app.digest);
  expect(again.worker.digest).toBe(images.worker.digest);
});
