// The proof of the demo on copies that are not what they should be: it must notice.
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { buildImages } from '../../../infra/demo/images.ts';
import { proveBelongings, proveContent, proveLoginIsBound } from '../../../infra/demo/proof.ts';
import { push } from '../../../infra/demo/push.ts';
import { startRegistry } from '../../../infra/demo/registry.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const images = buildImages(privateKey);

test('what is not there is not believed', async () => {
  await using registry = await startRegistry();
  expect(await proveContent(registry, [images.app])).toMatchObject({ holds: false });
  expect(await proveBelongings(registry, images.app, publicKey)).toMatchObject({ holds: false });
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
  expect(proveLoginIsBound(locked, [source, open])).toMatchObject({ holds: true });
  await fetch(`${open.url}/v2/`, { headers });
  expect(proveLoginIsBound(locked, [source, open])).toMatchObject({
    holds: false,
    detail: `${open.host} got an Authorization header`,
  });
});

test('the same images are built every time, but for their signature', { timeout: 20_000 }, () => {
  const again = buildImages(privateKey);
  for (const name of ['app', 'worker', 'tools', 'model'] as const) {
    expect(again[name].digest).toBe(images[name].digest);
  }
  expect(new Set(Object.values(images).map(({ digest }) => digest)).size).toBe(4);
});

test('the tag goes last, after all that belongs to the image', () => {
  for (const { manifests } of Object.values(images)) {
    expect(manifests.map(({ tag }) => tag !== undefined)).toEqual(
      manifests.map((_, index) => index === manifests.length - 1),
    );
  }
});
