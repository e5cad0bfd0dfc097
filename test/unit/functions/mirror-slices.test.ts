// How far a mirror job's large blobs are, in the job's checkpoint.
import { describe, expect, it } from 'vitest';
import { mirrorSlices } from '../../../functions/mirror-image/mirror-slices.ts';
import type { Json } from '../../../shared/jobs/json.ts';
import { newJob } from '../../../shared/jobs/new-job.ts';
import { createChunkBuffers } from '../../../shared/mirror/chunk-buffers.ts';
import type { UploadCheckpoint } from '../../../shared/mirror/upload-checkpoint.ts';

function upload(digest: string, fields: Partial<UploadCheckpoint> = {}): UploadCheckpoint {
  return {
    target: 'registry.example.com/app',
    digest,
    location: 'https://registry.example.com/v2/app/blobs/uploads/1?_state=x',
    leastChunkBytes: 0,
    offset: 16,
    hash: { library: 'hash-wasm', state: 'AAAA' },
    source: 'source.example.com/app',
    ...fields,
  };
}

function openSlices(checkpoint?: Json) {
  const written: Json[] = [];
  const job = { ...newJob({ kind: 'mirror', payload: null }, '1', new Date(0)), checkpoint };
  const context = {
    job,
    ending: new AbortController().signal,
    checkpoint(state: Json) {
      written.push(state);
      return Promise.resolve();
    },
  };
  return { written, slices: mirrorSlices(context, createChunkBuffers(1), () => undefined) };
}

describe('the slices of a mirror job', () => {
  it('find what the job kept, by target and digest', async () => {
    const before = openSlices();
    await before.slices.save(upload('sha256:a', { etag: '"1"' }));
    await before.slices.save(upload('sha256:b'));
    const { slices } = openSlices(JSON.parse(JSON.stringify(before.written.at(-1))));
    expect(slices.load('registry.example.com/app', 'sha256:a')).toEqual(upload('sha256:a', { etag: '"1"' }));
    expect(slices.load('registry.example.com/app', 'sha256:b')).toEqual(upload('sha256:b'));
    expect(slices.load('registry.example.com/other', 'sha256:a')).toBeUndefined();
    expect(slices.load('registry.example.com/app', 'sha256:c')).toBeUndefined();
  });

  it('forget what was dropped', async () => {
    const { slices, written } = openSlices();
    await slices.save(upload('sha256:a'));
    slices.drop('registry.example.com/app', 'sha256:a');
    await slices.save(upload('sha256:b'));
    expect(written.at(-1)).toMatchObject({ uploads: [{ digest: 'sha256:b' }] });
  });

  it('stay within what a store takes: the uploads that moved last are kept', async () => {
    const { slices, written } = openSlices();
    const location = `https://registry.example.com/v2/app/blobs/uploads/1?_state=${'x'.repeat(1000)}`;
    for (let count = 0; count < 200; count += 1) await slices.save(upload(`sha256:${count}`, { location }));
    await slices.save(upload('sha256:150', { location, offset: 32 }));
    const text = JSON.stringify(written.at(-1));
    expect(Buffer.byteLength(text)).toBeLessThan(64 * 1024);
    expect(text).toContain('"sha256:199"');
    expect(text).toContain('"offset":32');
    expect(text).not.toContain('"sha256:0"');
  });

  it.each([
    [null],
    ['text'],
    [{ version: 2, uploads: [] }],
    [{ version: 1, uploads: [{ target: 7 }] }],
    [{ version: 1 }],
  ])('begin anew with what they did not write: %j', (checkpoint) => {
    expect(openSlices(checkpoint).slices.load('registry.example.com/app', 'sha256:a')).toBeUndefined();
  });
});
