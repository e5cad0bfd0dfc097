// How long a Lambda function that has no process yet takes to answer, beside one that does nothing: the built bundles in the emulator of
// Lambda, with moto as AWS. What AWS adds to that (fetching the code, starting the machine) is alike for all and not in it.
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { JOB_TABLE } from '../../infra/aws/job-store/table.ts';
import { buildFunctions } from '../../infra/aws/package/build-functions.ts';
import { bundleSize } from '../../infra/aws/package/bundle-size.ts';
import { RECORD_TABLE } from '../../infra/aws/records/table.ts';
import { AWS_FUNCTIONS } from '../../infra/aws/stack/functions.ts';
import { COLD_EVENTS } from '../support/aws/cold-events.ts';
import { lambdaFunction } from '../support/aws/lambda-function.ts';
import { callMotoJson } from '../support/aws/moto-call.ts';
import { startMoto, type Moto } from '../support/moto.ts';
import { alternate } from './alternate.ts';
import { fineMilliseconds, megabytes } from './quantity.ts';
import { spread } from './statistics.ts';
import { markdownTable } from './tables.ts';

/** The name under which `--only` finds them. */
export const COLD_STARTS = 'cold-starts';

const ROUNDS = 20;
const REGION = 'eu-west-1';
const EMPTY = 'an empty handler';
const CONFIG = 'version: 1\n';

/** @param folder gets the bundles. @returns a Markdown table */
export async function measureColdStarts(
  motoProgram: string,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<string> {
  await buildFunctions(folder);
  mkdirSync(path.join(folder, 'empty'));
  writeFileSync(path.join(folder, 'empty/index.mjs'), 'export const handler = async () => ({});\n');
  const configFile = path.join(folder, 'transship.yaml');
  writeFileSync(configFile, CONFIG);
  await using moto = await startMoto(motoProgram);
  const env = { ...(await surroundings(moto)), TRANSSHIP_CONFIG: configFile };
  const started = [{ name: 'empty', memoryMiB: 512 }, ...AWS_FUNCTIONS].map(({ name, memoryMiB }) =>
    lambdaFunction({
      name,
      functionName: name,
      arn: `arn:aws:lambda:${REGION}:123456789012:function:${name}`,
      handler: `dist/aws/${name}/index.handler`,
      bundle: path.join(folder, name),
      env,
      region: REGION,
      accessKeyId: 'AKIATEST',
      memoryMiB,
      timeoutMs: 60_000,
      maxEnvironments: 1,
      throttles: false,
    }),
  );
  try {
    // the first round fills the caches of the disk and does not count
    const results = await alternate(started, ROUNDS + 1, async (called) => {
      signal.throwIfAborted();
      await called.kill('all');
      const { name } = called.definition;
      const result = await called.invoke(name === 'empty' ? {} : COLD_EVENTS[nameOf(name)]);
      if (result.error !== undefined) throw new Error(`${name}: ${result.error.errorMessage}`);
      return result;
    });
    const rows = started.map(({ definition: { name } }, index) => {
      const counted = (results[index] ?? []).slice(1);
      const median = (value: (one: (typeof counted)[number]) => number) => spread(counted.map(value)).median;
      const size = name === 'empty' ? undefined : sizeOf(folder, name);
      return [
        name === 'empty' ? EMPTY : name,
        fineMilliseconds(median(({ initMs }) => initMs)),
        fineMilliseconds(median(({ durationMs }) => durationMs)),
        fineMilliseconds(median(({ initMs, durationMs }) => initMs + durationMs)),
        megabytes(median(({ peakBytes }) => peakBytes)),
        kib(size?.startBytes),
        kib(size?.lazyBytes),
      ];
    });
    return markdownTable(COLUMNS, rows);
  } finally {
    await Promise.all(started.map((one) => one.stop()));
  }
}

const COLUMNS = [
  { title: 'function', align: 'left' },
  { title: 'start', align: 'right' },
  { title: 'first answer', align: 'right' },
  { title: 'together', align: 'right' },
  { title: 'peak memory', align: 'right' },
  { title: 'code at the start', align: 'right' },
  { title: 'code when needed', align: 'right' },
] as const;

function nameOf(name: string): keyof typeof COLD_EVENTS {
  const found = AWS_FUNCTIONS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no function is called ${name}`);
  return found.name;
}

function sizeOf(folder: string, name: string) {
  const metafile: Metafile = JSON.parse(readFileSync(path.join(folder, `${name}.meta.json`), 'utf8'));
  return bundleSize(metafile);
}

function kib(bytes: number | undefined): string {
  return bytes === undefined ? '' : `${Math.round(bytes / 1024)} KiB`;
}

/** The tables and the master key that a stack has, and their names in the environment. */
async function surroundings({ url }: Moto): Promise<Record<string, string>> {
  const dynamo = new DynamoDBClient({
    region: REGION,
    endpoint: url,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  await dynamo.send(new CreateTableCommand({ TableName: 'jobs', ...JOB_TABLE }));
  await dynamo.send(new CreateTableCommand({ TableName: 'records', ...RECORD_TABLE }));
  dynamo.destroy();
  const SecretString = Buffer.alloc(32, 1).toString('base64url');
  await callMotoJson({ url, region: REGION }, 'secretsmanager.CreateSecret', { Name: 'master-key', SecretString });
  return {
    AWS_ENDPOINT_URL: url,
    TRANSSHIP_JOBS_TABLE: 'jobs',
    TRANSSHIP_RECORDS_TABLE: 'records',
    TRANSSHIP_QUEUES: '{}',
    TRANSSHIP_MASTER_KEY: 'master-key',
    TRANSSHIP_LOG_LEVEL: 'info',
    TRANSSHIP_STAGE: 'bench',
  };
}
