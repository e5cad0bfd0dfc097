// A large layer to real registries while the process that copies it is killed again and again.
import { describe, expect, it } from 'vitest';
import { resumeCampaign } from '../../support/jobs/resume-campaign.ts';
import { requireComponent } from '../../support/require-component.ts';

const MEBIBYTE = 2 ** 20;
const LAYER_BYTES = 256 * MEBIBYTE;
const KILLS = 5;
/** Of CNCF distribution, and heads of requests for good measure. */
const CHUNK_BYTES = 16 * MEBIBYTE;
/** Of ECR. */
const PART_BYTES = 10 * MEBIBYTE;
const HEADS_BYTES = MEBIBYTE;
const MOST_MEMORY_BYTES = 200 * MEBIBYTE;
const seed = Math.floor(Math.random() * 2 ** 31);

describe(`a layer of 256 MiB and ${KILLS} kills, seed ${seed}`, () => {
  it(
    'costs at most a chunk a kill where the registry tells how much it holds (distribution 3)',
    { timeout: 300_000 },
    async () => {
      const program = requireComponent('distribution');
      const report = await resumeCampaign({ to: { program }, layerBytes: LAYER_BYTES, kills: KILLS, seed });
      expect(report).toMatchObject({ job: { state: 'DONE' }, digest: report.wanted });
      expect(report.resentBytes).toBeLessThanOrEqual(KILLS * CHUNK_BYTES + HEADS_BYTES);
      expect(report.mostMemoryBytes).toBeLessThanOrEqual(MOST_MEMORY_BYTES);
    },
  );

  it('costs at most a part a kill where it goes in parts (ECR)', { timeout: 300_000 }, async () => {
    // signatures make it slower than the others, and no more is known of a larger one
    const [layerBytes, kills] = [140 * MEBIBYTE, 2];
    const report = await resumeCampaign({ to: 'ecr', layerBytes, kills, seed });
    expect(report).toMatchObject({ job: { state: 'DONE' }, digest: report.wanted });
    expect(report.resentBytes).toBeLessThanOrEqual(kills * PART_BYTES + HEADS_BYTES);
    expect(report.mostMemoryBytes).toBeLessThanOrEqual(MOST_MEMORY_BYTES);
  });

  it(
    'costs at most that layer a kill where a cut chunk ends the session (distribution 2.8)',
    { timeout: 300_000 },
    async () => {
      const program = requireComponent('docker-registry');
      const report = await resumeCampaign({ to: { program }, layerBytes: LAYER_BYTES, kills: KILLS, seed });
      expect(report).toMatchObject({ job: { state: 'DONE' }, digest: report.wanted });
      // The small layer and the configuration were there after the first slice.
      expect(report.job.result).toMatchObject({ report: { targets: [{ blobs: { copied: 1, existing: 2 } }] } });
      expect(report.resentBytes).toBeLessThanOrEqual(KILLS * LAYER_BYTES);
      expect(report.mostMemoryBytes).toBeLessThanOrEqual(MOST_MEMORY_BYTES);
    },
  );
});
