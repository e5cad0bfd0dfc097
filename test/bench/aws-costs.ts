// What work on AWS costs, from requests that are counted and prices that are looked up: the built bundles in the emulator of Lambda behind
// a proxy that counts, pushes by webhook between two real registries, and the clocks while nothing happens. How long functions run is not
// taken from here, because moto answers at another speed than AWS.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRegistry } from '../../infra/demo/registry.ts';
import { samplePush } from '../../shared/events/sample-push.ts';
import { Secret } from '../../shared/telemetry/secret.ts';
import { callMotoJson } from '../support/aws/moto-call.ts';
import { packageStack } from '../support/aws/packaged.ts';
import { accessKeyOf, startAwsStack, type AwsStack } from '../support/aws/stack.ts';
import { startFront } from '../support/front.ts';
import { startMoto } from '../support/moto.ts';
import { pushPlanted } from '../support/push-planted.ts';
import { plantRealImage } from '../support/real-image.ts';
import { startServer } from '../support/servers.ts';
import { startCountedAws, type AwsRequest } from './counted-aws.ts';
import { markdownTable, type Column } from './tables.ts';

/** The name under which `--only` finds them. */
export const AWS_COSTS = 'aws-costs';

const REGION = 'eu-west-1';
const PUSHES = 20;
const STRIKES = 5;
const TIMERS = ['upkeep', 'mirrors', 'credentials', 'grants'] as const;
const HOOK = 'Bearer hook-of-the-bench';
/** Longer than the first heartbeats of a job. */
const HELD_MS = 25_000;
const PATIENCE_MS = 60_000;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
const DIRECTIVES = '_aws';

/** Of us-east-1, on demand, since November 2024, a million units. https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const DOLLARS = { writes: 0.625, reads: 0.125 };

type Programs = { moto: string; registry: string };
type Row = { what: string; times: number; requests: readonly AwsRequest[]; logBytes: ReadonlyMap<string, number> };

/** @returns Markdown tables: requests by function and service, and the metrics that came together */
export async function measureAwsCosts(programs: Programs, signal: AbortSignal): Promise<string> {
  await using moto = await startMoto(programs.moto);
  await using counted = await startCountedAws(moto.url);
  const source = await startServer({ program: programs.registry });
  const target = await startServer({ program: programs.registry });
  const built = await startRegistry();
  let heldMs = 0;
  await using front = await startFront(source, async ({ url = '' }) => {
    if (!url.includes('/blobs/')) return false;
    const waitMs = heldMs;
    heldMs = 0;
    await sleep(waitMs);
    return false;
  });
  const config = configFor(front.host, target.host);
  await using packaged = await packageStack(JSON.stringify(config));
  const place = { url: moto.url, region: REGION };
  await callMotoJson(place, 'secretsmanager.CreateSecret', { Name: 'transship/hook', SecretString: HOOK });
  const stack = await startAwsStack({ ...packaged, moto, region: REGION, endpoint: counted.url, pollMs: 200 });
  try {
    await putConfig(moto.url, stack, JSON.stringify(config));

    const push = async (tag: string): Promise<void> => {
      signal.throwIfAborted();
      const repository = `t/${tag}`;
      const { digest } = await plantRealImage({ registry: built, repository }, { tag, layers: [`layer of ${tag}`] });
      await pushPlanted({ registry: built, repository }, source.url);
      const { body, headers } = samplePush('distribution', new Secret(HOOK), {
        host: front.host,
        repository,
        tag,
        digest,
        id: randomUUID(),
        headerName: 'authorization',
        occurredAt: new Date().toISOString(),
      });
      const answer = await fetch(`${stack.apiUrl}/hooks/distribution/dist`, { method: 'POST', headers, body });
      if (answer.status !== 202) throw new Error(`the webhook answered ${answer.status}: ${await answer.text()}`);
      await until(async () => {
        const found = await fetch(`${target.url}/v2/m/${tag}/manifests/${tag}`, { headers: { accept: MANIFEST } });
        return found.ok && stack.underway() === 0;
      });
    };

    const rows: Row[] = [];
    const measured = async (what: string, times: number, work: (round: number) => Promise<void>) => {
      counted.take();
      const before = logBytesOf(stack);
      for (let round = 0; round < times; round += 1) await work(round);
      const logBytes = new Map([...logBytesOf(stack)].map(([name, bytes]) => [name, bytes - (before.get(name) ?? 0)]));
      rows.push({ what, times, requests: counted.take(), logBytes });
    };
    // processes start, and read their configuration
    await push('warm');
    await stack.fire('upkeep');
    await measured('push', PUSHES, (round) => push(`v${round}`));
    heldMs = HELD_MS;
    await measured(`push that is held for ${HELD_MS / 1000} s`, 1, () => push('slow'));
    for (const timer of TIMERS) await measured(`clock: ${timer}`, STRIKES, async () => void (await stack.fire(timer)));
    const metrics = [...stack.functions.keys()].map((name) => [name, String(metricsIn(stack.logs(name)).size)]);
    return [
      markdownTable(
        COLUMNS,
        rows.flatMap((row) => cellsOf(row, [...stack.functions.keys()])),
      ),
      markdownTable(METRIC_COLUMNS, metrics),
    ].join('\n');
  } finally {
    await stack.stop();
    await Promise.all([source.stop(), target.stop(), built.stop()]);
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'what', align: 'left' },
  { title: 'function', align: 'left' },
  { title: 'requests to AWS, each time', align: 'left' },
  { title: 'write units', align: 'right' },
  { title: 'read units', align: 'right' },
  { title: 'bytes of log', align: 'right' },
  { title: 'units, 1,000 times', align: 'right' },
];

const METRIC_COLUMNS: readonly Column[] = [
  { title: 'function', align: 'left' },
  { title: 'metrics', align: 'right' },
];

function cellsOf({ what, times, requests, logBytes }: Row, functions: readonly string[]): string[][] {
  return functions.flatMap((name) => {
    const own = requests.filter(({ accessKeyId }) => accessKeyId === accessKeyOf(name));
    if (own.length === 0) return [];
    const counts = new Map<string, number>();
    for (const { service, operation } of own) {
      const key = `${service}:${operation}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const each = (total: number) => String(Math.round((total / times) * 10) / 10);
    const told = [...counts].map(([key, count]) => `${key} ${each(count)}`);
    const sum = (units: (one: AwsRequest) => number) => own.reduce((total, one) => total + units(one), 0);
    const [writes, reads] = [sum((one) => one.writeUnits), sum((one) => one.readUnits)];
    const bytes = String(Math.round((logBytes.get(name) ?? 0) / times));
    const dollars = ((writes * DOLLARS.writes + reads * DOLLARS.reads) / times / 1000).toFixed(4);
    return [[what, name, told.join(', '), each(writes), each(reads), bytes, `$${dollars}`]];
  });
}

/** Without the lines that Lambda adds to each invocation. */
function logBytesOf(stack: AwsStack): Map<string, number> {
  return new Map([...stack.functions.keys()].map((name) => [name, Buffer.byteLength(stack.logs(name).join('\n'))]));
}

type Emf = Record<string, unknown> & {
  [DIRECTIVES]: { CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[] };
};

/** Each name with each set of dimensions is one, and billed. */
function metricsIn(lines: readonly string[]): Set<string> {
  const told: Emf[] = lines.filter((line) => line.startsWith(`{"${DIRECTIVES}"`)).map((line) => JSON.parse(line));
  const all = told.flatMap((one) =>
    one[DIRECTIVES].CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
      Dimensions.flatMap((names) =>
        Metrics.map(({ Name }) => JSON.stringify([Name, ...names.map((name) => [name, one[name]])])),
      ),
    ),
  );
  return new Set(all);
}

function configFor(source: string, target: string): object {
  const open = { plainHttp: true, credential: 'anonymous' };
  const auth = { mode: 'header', name: 'authorization', secrets: [{ awsSecret: { id: 'transship/hook' } }] };
  return {
    version: 1,
    registries: { [source]: open, [target]: open },
    mirrors: [{ name: 'app', from: `${source}/t/*`, to: [`${target}/m/{name}`], schedule: 'off' }],
    receivers: [{ id: 'dist', kind: 'distribution', registry: source, auth }],
    api: { rateLimit: 1_000_000 },
  };
}

async function putConfig(moto: string, { resources }: AwsStack, text: string): Promise<void> {
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/${REGION}/s3/aws4_request, SignedHeaders=host, Signature=0`;
  const url = `${moto}/${resources.get('ConfigBucket')?.ref}/transship.yaml`;
  const put = await fetch(url, { method: 'PUT', headers: { authorization }, body: text });
  if (!put.ok) throw new Error(`S3 at moto: ${put.status} ${await put.text()}`);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms`);
    await sleep(20);
  }
}
