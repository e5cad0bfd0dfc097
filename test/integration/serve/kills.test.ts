// The whole server is killed at random moments, with a real registry as target.
import { expect, it } from 'vitest';
import { serveCampaign } from '../../support/jobs/serve-campaign.ts';
import { requireComponent } from '../../support/require-component.ts';

const KILLS = 50;
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

it(
  `loses nothing, moves no tag back and does nothing twice over ${KILLS} kills, seed ${seed}`,
  // A campaign is chance: one that fails is told and run once more, so that what fails twice is a fault and not bad luck of the machine.
  { timeout: 300_000, retry: 1 },
  async () => {
    const report = await serveCampaign(KILLS, seed, requireComponent('docker-registry'));
    console.log(
      `${report.acknowledged} pushes acknowledged, ${report.repeated} sent again, ${KILLS} kills, seed ${seed}`,
    );
    expect(report.wrong).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(KILLS);
  },
);
