// The long kill campaign: `npm run campaign -- --kills 1000 --seed 7`. It fails when anything acknowledged is not as it was told.
import { parseArgs } from 'node:util';
import { killCampaign } from '../../support/jobs/kill-campaign.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const report = await killCampaign(Number(values.kills), Number(values.seed));
for (const line of report.wrong.slice(0, 20)) console.log(line);
console.log(
  `${report.kills} kills, seed ${report.seed}: ${report.acknowledged} jobs acknowledged, ${report.done} done, ${report.wrong.length} wrong`,
);
process.exitCode = report.wrong.length === 0 ? 0 : 1;
