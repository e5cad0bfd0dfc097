// The whole server is killed at random moments, with a real registry as target.
import { expect, it } from 'vitest';
import { serveCampaign } from '../../support/jobs/serve-campaign.ts';
import { requireComponent } from '../../support/require-component.ts';

const KILLS = 50;
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

it(
  `loses nothing, moves no tag back and does nothing twice over ${KILLS} kills, seed ${seed}`,
  { timeout: 300_000 },
  async () => {
    const report = await serveCampaign(KILLS, seed, requireComponent('docker-registry'));
    console.log(
      `${report.acknowledged} pushes acknowledged, ${report.repeated} sent again, ${KILLS} kills, seed ${seed}`,
    );
    expect(report.wrong).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(KILLS);
  },
);
