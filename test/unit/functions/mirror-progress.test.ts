// What a job's history shows of a copy.
import { expect, it } from 'vitest';
import { mirrorProgress } from '../../../functions/mirror-image/mirror-progress.ts';
import type { Json } from '../../../shared/jobs/json.ts';
import type { CopyEvent, TargetReport } from '../../../shared/mirror/copy-types.ts';

const blob = (
  state: Extract<CopyEvent, { type: 'blob' }>['state'],
  digest: string,
  sentBytes: number,
  target = 0,
): CopyEvent => ({
  type: 'blob',
  target,
  digest,
  sizeBytes: 100,
  state,
  sentBytes,
});

function hear(targets: number, ...events: CopyEvent[]): Json {
  const told: Json[] = [];
  const note = mirrorProgress(targets, (data) => void told.push(JSON.parse(JSON.stringify(data))));
  for (const event of events) note(event);
  return told.at(-1) ?? null;
}

it('counts blobs and bytes of each target, and takes back what was sent in vain', () => {
  const told = hear(
    2,
    { type: 'resolved', digest: 'sha256:d', mediaType: 'm' },
    { type: 'planned', target: 0, blobs: 3, manifests: 1, sizeBytes: 300 },
    blob('started', 'a', 0),
    blob('progress', 'a', 40),
    blob('started', 'b', 0),
    blob('progress', 'b', 70),
    blob('failed', 'b', 0),
    blob('copied', 'a', 100),
    blob('existing', 'c', 0),
    blob('progress', 'b', 20),
  );
  expect(told).toEqual({
    digest: 'sha256:d',
    targets: 2,
    progress: [
      { target: 0, state: 'copying', blobs: 3, blobsDone: 2, sizeBytes: 300, sentBytes: 120 },
      { target: 1, state: 'waiting', blobs: 0, blobsDone: 0, sizeBytes: 0, sentBytes: 0 },
    ],
  });
});

it('fits into a line of the history, targets that are not done first', () => {
  const report: TargetReport = {
    reference: 'registry.example.com/app:v1',
    state: 'copied',
    blobs: { copied: 0, mounted: 0, existing: 0 },
    bytesMoved: 0,
    bytesSaved: 0,
    requests: 0,
    durationMs: 0,
    referrers: 0,
  };
  const most = Number.MAX_SAFE_INTEGER;
  const events = Array.from({ length: 80 }, (_, target): CopyEvent[] => [
    { type: 'planned', target, blobs: 1000, manifests: 1000, sizeBytes: most },
    ...(target < 40 ? [{ type: 'target', target, report } as const] : []),
  ]);
  const told = hear(80, { type: 'resolved', digest: `sha256:${'0'.repeat(64)}`, mediaType: 'm' }, ...events.flat());
  expect(told).toMatchObject({
    targets: 80,
    progress: expect.arrayContaining([expect.objectContaining({ target: 40 })]),
  });
  expect(told).not.toMatchObject({ progress: expect.arrayContaining([expect.objectContaining({ target: 0 })]) });
  expect(Buffer.byteLength(JSON.stringify(told))).toBeLessThan(4096);
});
