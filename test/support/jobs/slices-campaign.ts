// One large layer by slices of the real Lambda bundle, killed in the middle of slices and between them, at the emulator of Lambda with
// moto's table and queue: from a real distribution 3 to another registry. It measures what that costs.
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mirrorJob } from '../../../functions/job-kinds/mirror-job.ts';
import { RECORD_TABLE } from '../../../infra/aws/records/table.ts';
import { copyArtifact } from '../../../shared/mirror/copy.ts';
import { systemClock } from '../../../shared/jobs/clock.ts';
import type { Job } from '../../../shared/jobs/job.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { anonymous } from '../../../shared/oci/auth/credential.ts';
import { parseReference } from '../../../shared/oci/reference.ts';
import { openRegistries } from '../../../shared/registries/registries.ts';
import { lambdaFunction, type LambdaFunction } from '../aws/lambda-function.ts';
import { pollQueue } from '../aws/queue-poller.ts';
import { startGeneratedSource } from '../generated-source.ts';
import { startMoto } from '../moto.ts';
import { startServer } from '../servers.ts';
import { awsBed, newTable, type AwsTable } from './aws-subject.ts';
import { startCampaignTarget, type CampaignTarget, type StartedTarget } from './campaign-target.ts';
import { peakMemoryOf } from './peak-memory.ts';
import { seededRandom } from './seeded-random.ts';

export type SlicesCampaign = {
  to: CampaignTarget;
  /** Of CNCF distribution 3, for the source. */
  distribution: string;
  moto: string;
  /** `dist/aws`, or where else the functions were built. */
  bundles: string;
  layerBytes: number;
  /** 70 % of the time that an invocation may take. */
  sliceMs: number;
  /** So many slices are killed at a random moment; after each other one the process is killed while it waits. */
  kills: number;
  seed: number;
};

export type SlicesReport = {
  job: Job;
  /** What the target's tag names in the end, and should. */
  digest: string | undefined;
  wanted: string;
  slices: number;
  killedInside: number;
  killedBetween: number;
  /** Of the layer, sent more than once; the heads of requests are in it. */
  resentBytes: number;
  /** What the target was asked, by kind. */
  requests: Readonly<Record<string, number>>;
  /** The largest resident set of any process of the function. */
  mostMemoryBytes: number;
  durationMs: number;
  /** Of that, nobody copied: leases of killed processes had to end. */
  idleMs: number;
};

const COPIER = 'transship-test-mirror-image';
const MEMORY_MIB = 1024;
const ACCESS_KEY = 'ASIAMIRRORIMAGE00000';
const REGION = 'eu-west-1';
/** A minute on AWS; shorter here, since the lease is what is waited for. */
const UPKEEP_MS = 5000;
const POLL_MS = 500;

export async function slicesCampaign(campaign: SlicesCampaign): Promise<SlicesReport> {
  const { layerBytes, sliceMs, kills, seed } = campaign;
  const random = seededRandom(seed);
  await using source = await startServer({ program: campaign.distribution });
  const wanted = await plant(source.host, layerBytes, seed);
  await using target = await startCampaignTarget(campaign.to, ACCESS_KEY);
  await using moto = await startMoto(campaign.moto);
  const bed = awsBed(moto);
  const table = await newTable(bed, systemClock);
  const recordsTable = `${table.tableName}-records`;
  await bed.dynamo.send(new CreateTableCommand({ TableName: recordsTable, ...RECORD_TABLE }));
  const folder = await mkdtemp(path.join(tmpdir(), 'transship-slices-'));
  const configFile = path.join(folder, 'transship.yaml');
  await writeFile(configFile, configuration(source.host, target));
  const env = {
    ...target.env,
    AWS_ENDPOINT_URL: moto.url,
    TRANSSHIP_CONFIG: configFile,
    TRANSSHIP_JOBS_TABLE: table.tableName,
    TRANSSHIP_RECORDS_TABLE: recordsTable,
    TRANSSHIP_QUEUES: JSON.stringify({ mirror: table.queueUrl }),
  };
  const functionNamed = (name: string, timeoutMs: number) => emulated(name, { ...campaign, env, timeoutMs });
  const copier = functionNamed('mirror-image', Math.round(sliceMs / 0.7));
  const timers = functionNamed('timers', 60_000);
  const store = table.open();
  const told = { slices: 0, killedInside: 0, killedBetween: 0, mostMemoryBytes: 0, busyMs: 0 };

  async function slice(event: unknown) {
    told.slices += 1;
    const startedAt = Date.now();
    const sliced = copier.invoke(event);
    const isToBeKilled = told.killedInside < kills;
    const sentBefore = target.proxy.sentBytes;
    const inside = async () => {
      await target.proxy.reached(sentBefore + 1);
      await sleep(random() * sliceMs * 0.9, undefined, { ref: false });
      return 'inside' as const;
    };
    const end = await Promise.race([sliced, ...(isToBeKilled ? [inside()] : [])]);
    told.mostMemoryBytes = Math.max(told.mostMemoryBytes, peakMemoryOf(`AWS_LAMBDA_FUNCTION_NAME=${COPIER}`));
    if (end === 'inside') told.killedInside += await copier.kill('busy');
    else told.killedBetween += await copier.kill('all');
    told.busyMs += Date.now() - startedAt;
    return sliced;
  }

  const startedAt = Date.now();
  const id = await accept(store, source.host, target.proxy.host);
  const poller = pollQueue({ sqs: bed.sqs, mapping: mappingOf(table), invoke: slice });
  const upkeep = every(UPKEEP_MS, () => timers.invoke({ timer: 'upkeep' }));
  try {
    const job = await ended(store, id);
    const durationMs = Date.now() - startedAt;
    const { busyMs, ...rest } = told;
    const wire = target.wireBytes(layerBytes);
    return {
      ...rest,
      job,
      digest: await target.tagged(),
      wanted,
      resentBytes: ((target.proxy.sentBytes - wire) * layerBytes) / wire,
      requests: await target.requests(),
      durationMs,
      idleMs: durationMs - busyMs,
    };
  } finally {
    await upkeep.stop();
    await copier.stop();
    await poller.stop();
    await timers.stop();
    bed.close();
    await rm(folder, { recursive: true });
  }
}

/** Pushes an image whose layer is made while it is sent. @returns its digest */
async function plant(host: string, layerBytes: number, seed: number): Promise<string> {
  await using made = await startGeneratedSource(layerBytes, seed);
  const registries = openRegistries({ credentials: () => Promise.resolve(anonymous), env: {} });
  const request = {
    source: parseReference(`${made.host}/app:v1`),
    targets: [parseReference(`${host}/app:v1`)],
    referrers: false,
    onConflict: 'overwrite',
    foreignLayers: false,
    dryRun: false,
  } as const;
  const { targets } = await copyArtifact(request, { registries });
  await registries.close();
  if (targets[0]?.state !== 'copied') throw new Error(`the image could not be made: ${JSON.stringify(targets)}`);
  return made.digest;
}

function configuration(source: string, { proxy, entry }: StartedTarget): string {
  const plain = 'plainHttp: true, credential: anonymous';
  return `version: 1\nregistries:\n  "${source}": { ${plain} }\n  "${proxy.host}": { ${entry ?? plain} }\n`;
}

type Emulated = { bundles: string; env: Readonly<Record<string, string>>; timeoutMs: number };

function emulated(name: string, { bundles, env, timeoutMs }: Emulated): LambdaFunction {
  return lambdaFunction({
    name,
    functionName: `transship-test-${name}`,
    arn: `arn:aws:lambda:${REGION}:123456789012:function:transship-test-${name}`,
    handler: `dist/aws/${name}/index.handler`,
    bundle: path.join(bundles, name),
    env,
    region: REGION,
    accessKeyId: ACCESS_KEY,
    memoryMiB: MEMORY_MIB,
    timeoutMs,
    maxEnvironments: 1,
    throttles: false,
  });
}

async function accept(store: JobStore, source: string, target: string): Promise<string> {
  const payload = {
    source: `${source}/app:v1`,
    targets: [`${target}/app:v1`] as const,
    trigger: 'push',
    referrers: false,
    onConflict: 'overwrite',
  } as const;
  return (await store.accept(mirrorJob({ ...payload, targets: [...payload.targets] }))).id;
}

function mappingOf({ queueUrl, tableName }: AwsTable) {
  const queueArn = `arn:aws:sqs:${REGION}:123456789012:${tableName}`;
  return { queueUrl, queueArn, region: REGION, batchSize: 1, concurrency: 1, reportsFailures: true };
}

async function ended(store: JobStore, id: string): Promise<Job> {
  for (;;) {
    const job = await store.get(id);
    if (job === undefined) throw new Error('the job is lost');
    if (job.state === 'DONE' || job.state === 'DEAD') return job;
    await sleep(POLL_MS);
  }
}

/** One call at a time, until it is stopped. */
function every(ms: number, work: () => Promise<unknown>): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const run = async () => {
    while (!stopped.signal.aborted) {
      await work();
      await sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
