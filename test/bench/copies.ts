// The copy workloads between two distribution servers, one scheme after the other, everybody in turn.
import path from 'node:path';
import { createAuthority, type KeyPair } from '../support/certificates.ts';
import { startServer, type Server } from '../support/servers.ts';
import { alternate } from './alternate.ts';
import { assertArrived, emptyStore } from './arrived-image.ts';
import type { Contender } from './contenders.ts';
import { measure } from './measure.ts';
import { plantImage, type Planted } from './plant-image.ts';
import { seconds } from './quantity.ts';
import { OURS_ALONE, type CopyResult, type Sample, type Scheme } from './results.ts';
import type { Workload } from './workloads.ts';

export type CopyBench = {
  registryProgram: string;
  contenders: readonly Contender[];
  workloads: readonly Workload[];
  runs: number;
  /** An empty folder that the caller throws away. */
  folder: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  say: (line: string) => void;
};

type Pair = { scheme: Scheme; source: Server; target: Server; caFile: string | undefined };
type PlantedWorkload = { workload: Workload; repository: string; planted: Planted };

const TAG = '1.0';
const LARGE_RUNS = 3;

export async function measureCopies(bench: CopyBench): Promise<CopyResult[]> {
  const sourceDir = path.join(bench.folder, 'source');
  const workloads = bench.workloads.map((workload) => {
    bench.say(`planting ${workload.title}`);
    const repository = `bench/${workload.name}`;
    return { workload, repository, planted: plantImage(sourceDir, repository, TAG, workload.image) };
  });
  if (workloads.length === 0) return [];
  const authority = createAuthority(bench.folder, 'Transship bench authority');
  const keyPair = authority.issue('registry');
  return [
    ...(await measureScheme(bench, workloads, sourceDir, undefined)),
    ...(await measureScheme(bench, workloads, sourceDir, { ...keyPair, caFile: authority.caFile })),
  ];
}

async function measureScheme(
  bench: CopyBench,
  workloads: readonly PlantedWorkload[],
  sourceDir: string,
  tls: (KeyPair & { caFile: string }) | undefined,
): Promise<CopyResult[]> {
  const options = { program: bench.registryProgram, ...(tls && { tls }) };
  const storage = { filesystem: { rootdirectory: sourceDir } };
  await using source = await startServer({ ...options, configuration: { storage } });
  await using target = await startServer(options);
  const pair: Pair = { scheme: tls ? 'https' : 'http', source, target, caFile: tls?.caFile };
  const results: CopyResult[] = [];
  for (const planted of workloads) results.push(...(await measureWorkload(bench, pair, planted)));
  return results;
}

async function measureWorkload(bench: CopyBench, pair: Pair, planted: PlantedWorkload): Promise<CopyResult[]> {
  const { workload } = planted;
  const { say } = bench;
  // half a minute a copy: fewer runs, and none where a few requests more or less cannot show
  const runs = workload.isLarge ? Math.min(bench.runs, LARGE_RUNS) : bench.runs;
  const contenders = bench.contenders.filter(({ name }) => !workload.isLarge || name !== OURS_ALONE);
  // once without counting: programs, source layers and compiled code are in the machine's memory from here on
  if (workload.isLarge !== true) for (const contender of contenders) await measureCopy(bench, pair, planted, contender);
  const samples = await alternate(contenders, runs, async (contender, round) => {
    const sample = await measureCopy(bench, pair, planted, contender);
    const place = `${pair.scheme.padEnd(5)} ${workload.name.padEnd(10)} ${contender.name.padEnd(12)}`;
    say(`${place} ${round + 1}/${runs}  ${seconds(sample.wallMs)}`);
    return sample;
  });
  return contenders.map(({ name }, index) => ({
    workload: workload.name,
    scheme: pair.scheme,
    contender: name,
    samples: samples[index] ?? [],
  }));
}

async function measureCopy(
  { env, signal }: CopyBench,
  { source, target, caFile }: Pair,
  { workload, repository, planted }: PlantedWorkload,
  contender: Contender,
): Promise<Sample> {
  const command = contender.copy({
    sourceHost: source.host,
    targetHost: target.host,
    source: `${source.host}/${repository}:${TAG}`,
    target: `${target.host}/${repository}:${TAG}`,
    caFile,
  });
  const options = { env: { ...env, ...(caFile !== undefined && { SSL_CERT_FILE: caFile }) }, signal };
  emptyStore(target.dataDir);
  if (workload.isUnchanged) await measure(command, options);
  await source.forgetRequests();
  await target.forgetRequests();
  const usage = await measure(command, options);
  assertArrived(target.dataDir, repository, TAG, planted);
  const [sourceRequests, targetRequests] = [await source.requests(), await target.requests()];
  return { ...usage, sourceRequests: sourceRequests.length, targetRequests: targetRequests.length };
}
