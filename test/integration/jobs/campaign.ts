// The long kill campaigns. They fail when anything is not as it was promised.
//   npm run campaign -- --kills 1000 --seed 7             a process that accepts jobs
//   npm run campaign -- resume --kills 20 --mib 2048      a process that copies a large layer, to each release of CNCF distribution
import { parseArgs } from 'node:util';
import { killCampaign } from '../../support/jobs/kill-campaign.ts';
import { resumeCampaign } from '../../support/jobs/resume-campaign.ts';
import { COMPONENTS, type ComponentName } from '../../support/provision/components.ts';
import { locate } from '../../support/provision/locate.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    mib: { type: 'string', default: '2048' },
  },
});
const seed = Number(values.seed);
const ok =
  positionals[0] === 'resume' ? await resumes(Number(values.kills ?? 20)) : await accepts(Number(values.kills ?? 200));
process.exitCode = ok ? 0 : 1;

async function accepts(kills: number): Promise<boolean> {
  const report = await killCampaign(kills, seed);
  for (const line of report.wrong.slice(0, 20)) console.log(line);
  console.log(
    `${report.kills} kills, seed ${report.seed}: ${report.acknowledged} jobs acknowledged, ${report.done} done, ${report.wrong.length} wrong`,
  );
  return report.wrong.length === 0;
}

async function resumes(kills: number): Promise<boolean> {
  const layerBytes = Number(values.mib) * 2 ** 20;
  let ok = true;
  for (const name of ['distribution', 'docker-registry'] as const) {
    const report = await resumeCampaign({ program: programOf(name), layerBytes, kills, seed });
    const { resentBytes, mostMemoryBytes, durationMs, job, digest, wanted } = report;
    console.log(
      `${name}: ${values.mib} MiB, ${kills} kills, seed ${seed}: ${job.state} in ${Math.round(durationMs / 1000)} s, ` +
        `${mebibytes(resentBytes)} MiB sent again, at most ${mebibytes(mostMemoryBytes)} MiB of memory`,
    );
    ok &&= job.state === 'DONE' && digest === wanted && mostMemoryBytes <= 200 * 2 ** 20;
    ok &&= name === 'docker-registry' || resentBytes <= kills * 17 * 2 ** 20;
  }
  return ok;
}

function mebibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 20) * 10) / 10;
}

function programOf(name: ComponentName): string {
  const component = COMPONENTS.find((one) => one.name === name);
  const found = component && locate(component, process.env);
  if (found === undefined) throw new Error(`${name} is missing: npm run provision`);
  return found.path;
}
