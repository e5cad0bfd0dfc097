// The long kill campaigns: `npm run campaign -- --kills 1000 --seed 7`. The store alone is killed, then the whole server; they fail when
// anything acknowledged is not as it was told. `--only resume --kills 20 --mib 2048` kills a process that copies one large layer;
// `--slices --mib 5120 --seconds 60` copies one by slices of the built Lambda functions, at the emulator of Lambda, to a real registry and to
// the fake of ECR. `--only credentials` brings pull Secrets to 5,000 namespaces, `--only grants --kills 100` cuts off runs over grants, every
// tenth by a kill.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildFunctions } from '../../../infra/aws/package/build-functions.ts';
import { cutGrants, killGrants } from '../../support/grants/kill-grants.ts';
import { killCampaign } from '../../support/jobs/kill-campaign.ts';
import { resumeCampaign, type ResumeReport } from '../../support/jobs/resume-campaign.ts';
import { serveCampaign } from '../../support/jobs/serve-campaign.ts';
import { slicesCampaign, type SlicesReport } from '../../support/jobs/slices-campaign.ts';
import { provision, thisMachine } from '../../support/provision.ts';
import { COMPONENTS, type ComponentName } from '../../support/provision/components.ts';

const { values } = parseArgs({
  options: {
    /** 200, or 3 by slices. */
    kills: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    /** `store`, `serve`, `resume`, `credentials` or `grants`; without it the first two. */
    only: { type: 'string' },
    /** For `credentials`: of a real API server. */
    namespaces: { type: 'string', default: '5000' },
    /** Size of the layer; 2048, or 5120 by slices. */
    mib: { type: 'string' },
    /** Only: a layer by slices of the real Lambda bundles, to `distribution` and `ecr`, or to the one that `--to` names. */
    slices: { type: 'boolean', default: false },
    to: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    /** Where the functions were built; absent: they are built for this. */
    bundles: { type: 'string' },
  },
});
const kills = Number(values.kills ?? 200);
const seed = Number(values.seed);
const MEBIBYTE = 2 ** 20;
/** By a kill in the middle of a chunk, or part; release 2.8 of distribution forgets a session whose chunk was cut. */
const MOST_AGAIN = { distribution: 16 * MEBIBYTE, 'docker-registry': Number.POSITIVE_INFINITY, ecr: 10 * MEBIBYTE };
const SLICED = ['distribution', 'docker-registry', 'ecr'] as const;

function tell(wrong: readonly string[], summary: string): void {
  for (const line of wrong.slice(0, 20)) console.log(line);
  console.log(`${summary}, ${wrong.length} wrong`);
  if (wrong.length > 0) process.exitCode = 1;
}

if (!values.slices && (values.only === undefined || values.only === 'store')) {
  const { wrong, acknowledged, done } = await killCampaign(kills, seed);
  tell(wrong, `store: ${kills} kills, seed ${seed}: ${acknowledged} jobs acknowledged, ${done} done`);
}
if (!values.slices && (values.only === undefined || values.only === 'serve')) {
  const { wrong, acknowledged, repeated } = await serveCampaign(kills, seed, await programOf('docker-registry'));
  tell(wrong, `serve: ${kills} kills, seed ${seed}: ${acknowledged} pushes acknowledged, ${repeated} sent again`);
}
if (values.only === 'credentials') {
  // it needs what the tests' runner has found
  const file = 'test/integration/credentials/campaign.test.ts';
  const env = { ...process.env, TRANSSHIP_TEST_NAMESPACES: values.namespaces };
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'integration', file];
  process.exitCode = spawnSync(process.execPath, args, { env, stdio: 'inherit' }).status ?? 1;
}
if (values.only === 'grants') {
  const totals = { cut: 0, interrupted: 0 };
  const wrong: string[] = [];
  for (let number = 0; number < kills; number += 1) {
    const told = await (number % 10 === 9 ? killGrants : cutGrants)(seed + number);
    totals.cut += told.cut;
    totals.interrupted += told.interrupted;
    wrong.push(...told.wrong);
  }
  tell(
    wrong,
    `grants: ${kills} seeds from ${seed}: ${totals.cut} runs cut off, ${totals.interrupted} entries interrupted`,
  );
}
if (values.only === 'resume') {
  for (const name of ['distribution', 'docker-registry'] as const) {
    const mib = Number(values.mib ?? 2048);
    const layerBytes = mib * MEBIBYTE;
    const report = await resumeCampaign({ to: { program: await programOf(name) }, layerBytes, kills, seed });
    tell(wrongIn(report, name), `${name}: ${mib} MiB, ${kills} kills, seed ${seed}: ${summaryOf(report)}`);
  }
}

if (values.slices) {
  const built = values.bundles ?? (await mkdtemp(path.join(tmpdir(), 'transship-functions-')));
  if (values.bundles === undefined) await buildFunctions(built);
  const [distribution, moto] = [await programOf('distribution'), await programOf('moto')];
  const { to } = values;
  const names = SLICED.filter((one) => (to === undefined ? one !== 'docker-registry' : one === to));
  for (const name of names) {
    const report = await slicesCampaign({
      to: name === 'ecr' ? 'ecr' : { program: await programOf(name) },
      distribution,
      moto,
      bundles: path.resolve(built),
      layerBytes: Number(values.mib ?? 5120) * MEBIBYTE,
      sliceMs: Number(values.seconds) * 1000,
      kills: Number(values.kills ?? 3),
      seed,
    });
    tell(wrongInSlices(report, name), `${name}: seed ${seed}: ${slicesSummary(report)}`);
  }
  if (values.bundles === undefined) await rm(built, { recursive: true });
}

async function programOf(name: ComponentName): Promise<string> {
  const components = COMPONENTS.filter((one) => one.name === name);
  const [found] = await provision(thisMachine(), components);
  if (found === undefined || 'missing' in found) throw new Error(`no ${name}: ${found?.missing}`);
  return found.path;
}

function wrongIn({ job, digest, wanted, resentBytes, mostMemoryBytes }: ResumeReport, name: ComponentName): string[] {
  const wrong: string[] = [];
  if (job.state !== 'DONE') wrong.push(`the job is ${job.state}: ${job.problem?.message}`);
  if (digest !== wanted) wrong.push(`the tag names ${digest}, not ${wanted}`);
  if (mostMemoryBytes > 200 * MEBIBYTE) wrong.push('more than 200 MiB of memory');
  // Release 2.8 forgets a session whose chunk was cut. The heads of requests are in the count.
  if (name === 'distribution' && resentBytes > kills * 16 * MEBIBYTE + MEBIBYTE)
    wrong.push('more than a chunk a kill was sent again');
  return wrong;
}

function wrongInSlices(report: SlicesReport, name: keyof typeof MOST_AGAIN): string[] {
  const { job, digest, wanted, resentBytes, mostMemoryBytes, killedInside } = report;
  const wrong: string[] = [];
  if (job.state !== 'DONE') wrong.push(`the job is ${job.state}: ${job.problem?.message}`);
  if (digest !== wanted) wrong.push(`the tag names ${digest}, not ${wanted}`);
  if (mostMemoryBytes > 256 * MEBIBYTE) wrong.push('more than 256 MiB of memory');
  // The heads of requests are in the count.
  if (resentBytes > killedInside * MOST_AGAIN[name] + 8 * MEBIBYTE)
    wrong.push('more than a chunk a kill was sent again');
  return wrong;
}

function slicesSummary(report: SlicesReport): string {
  const { slices, killedInside, killedBetween, resentBytes, mostMemoryBytes, durationMs, idleMs, requests } = report;
  const [resent, memory] = [resentBytes, mostMemoryBytes].map((bytes) => (bytes / MEBIBYTE).toFixed(1));
  const [seconds, idle] = [durationMs, idleMs].map((ms) => Math.round(ms / 1000));
  const killed = `${killedInside} killed inside and ${killedBetween} behind`;
  const asked = Object.entries(requests).map(([kind, count]) => `${count} ${kind}`);
  return `${slices} slices, ${killed}; ${resent} MiB sent again; at most ${memory} MiB of memory; ${seconds} s, of these ${idle} s waiting for leases; requests: ${asked.join(', ')}`;
}

function summaryOf({ resentBytes, mostMemoryBytes, durationMs }: ResumeReport): string {
  const [resent, memory] = [resentBytes, mostMemoryBytes].map((bytes) => (bytes / MEBIBYTE).toFixed(1));
  return `${Math.round(durationMs / 1000)} s, ${resent} MiB sent again, at most ${memory} MiB of memory`;
}
