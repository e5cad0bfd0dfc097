// A process that accepts jobs is killed at random moments: what it had acknowledged is there afterwards.
import { expect, it } from 'vitest';
import { killCampaign } from '../../support/jobs/kill-campaign.ts';

const KILLS = 15;
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);

it(`loses nothing that it acknowledged over ${KILLS} kills, seed ${seed}`, { timeout: 120_000 }, async () => {
  const report = await killCampaign(KILLS, seed);
  console.log(`${report.acknowledged} jobs acknowledged, ${report.done} done, ${report.kills} kills, seed ${seed}`);
  expect(report.wrong).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(100);
  expect(report.done).toBeGreaterThan(10);
});
