// A property: however chunked uploads are cut up and interleaved, and whatever wrong chunks come between, each blob keeps its bytes.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningRegistry } from '../../../infra/demo/registry.ts';
import { closeUpload, digestOf, locationOf, openUpload, patchChunk, send, startOn, storages } from './client.ts';

type Upload = { bytes: Uint8Array<ArrayBuffer>; location: string; offset: number };

/** One step on one upload: the next chunk, or a chunk that does not fit. */
const step = fc.record({
  upload: fc.nat(3),
  sizeBytes: fc.integer({ min: 1, max: 700 }),
  shift: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 50 }) }),
});
const blob = fc.uint8Array({ minLength: 0, maxLength: 2000 }).map((bytes) => new Uint8Array(bytes));

describe.each(storages)('interleaved uploads, content in %s', (storage) => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOn(storage, { upload: { locationState: true } });
  });
  afterAll(() => registry.stop());

  async function sendChunk(upload: Upload, sizeBytes: number, shift: number): Promise<void> {
    const chunk = upload.bytes.slice(upload.offset, upload.offset + sizeBytes);
    if (chunk.length === 0) return;
    const answer = await patchChunk(registry, upload.location, chunk, upload.offset + shift);
    expect(answer.status).toBe(shift === 0 ? 202 : 416);
    if (shift === 0) upload.offset += chunk.length;
    upload.location = locationOf(answer);
    expect(answer.headers.get('range')).toBe(`0-${Math.max(upload.offset - 1, 0)}`);
  }

  test('keep every byte in its place', async () => {
    const property = fc.asyncProperty(
      fc.array(blob, { minLength: 4, maxLength: 4 }),
      fc.array(step, { maxLength: 20 }),
      async (blobs, steps) => {
        const uploads: Upload[] = [];
        for (const bytes of blobs) uploads.push({ bytes, location: await openUpload(registry, 'property'), offset: 0 });
        // Each upload takes its own steps in order; the uploads run at the same time.
        await Promise.all(
          uploads.map(async (upload, index) => {
            for (const { sizeBytes, shift } of steps.filter((step) => step.upload === index)) {
              await sendChunk(upload, sizeBytes, shift);
            }
            await sendChunk(upload, upload.bytes.length, 0);
            const digest = digestOf(upload.bytes, index % 2 === 0 ? 'sha256' : 'sha512');
            const closed = await closeUpload(registry, upload.location, digest);
            expect(closed.status).toBe(201);
            const stored = await send(registry, 'GET', locationOf(closed));
            expect(Buffer.compare(stored.bytes, upload.bytes)).toBe(0);
          }),
        );
      },
    );
    await fc.assert(property, { numRuns: 15 });
    expect(registry.openUploads()).toBe(0);
  });
});
