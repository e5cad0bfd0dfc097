// Kills the whole server at random moments, also while it starts, while tags of a source move and their pushes are told, and checks
// what a person would check in the end: nothing acknowledged is lost, no tag ever went back or pointed at half an image, nothing was
// done twice.
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startRegistry } from '../../../infra/demo/registry.ts';
import { startProcess, type Running } from '../child-processes.ts';
import { plantRealImage } from '../real-image.ts';
import {
  askSocket,
  mirrorConfig,
  notification,
  notify,
  serveBed,
  serveEnvironment,
  until,
  type ServeBed,
} from '../serve-process.ts';
import { startServer, type Server } from '../servers.ts';
import { seededRandom } from './seeded-random.ts';
import { watchTags, type TagHistory } from './watched-tags.ts';

export type ServeCampaignReport = {
  seed: number;
  kills: number;
  /** Push events that were answered with 202. */
  acknowledged: number;
  /** How often an event had to be sent again. */
  repeated: number;
  /** What must be empty. */
  wrong: string[];
};

const LAUNCHER = path.resolve(import.meta.dirname, '../../../infra/cli/launcher.js');
const TAGS = Array.from({ length: 12 }, (_, index) => `t${index}`);
const CLIENTS = 3;
const PAUSE_MS = 20;
/** On a busy machine a life may end before the server is up; the campaign has to end as well. */
const LONGEST_LIFE_MS = 1500;
const BUSY_LIFE_MS = 400;
const SETTLE_WITHIN_MS = 120_000;
const REPEATED_IN_THE_END = 30;

/** @param registryProgram docker-registry 2.8 */
export async function serveCampaign(
  kills: number,
  seed: number,
  registryProgram: string,
): Promise<ServeCampaignReport> {
  const random = seededRandom(seed);
  await using source = await startRegistry();
  await using target = await startServer({ program: registryProgram });
  await using bed = await serveBed();
  bed.write(mirrorConfig(source.host, [target.host]));
  const url = `http://127.0.0.1:${bed.port}`;
  const history: TagHistory = new Map(TAGS.map((tag) => [tag, []]));
  const acknowledged = new Map<string, string>();
  const over = new AbortController();
  let repeated = 0;
  let moves = 0;

  /** Moves one tag after the other, and tells of each until somebody takes it. */
  async function moveTags(): Promise<void> {
    while (!over.signal.aborted) {
      moves += 1;
      const tag = TAGS[moves % TAGS.length] ?? '';
      const layers = ['the same in all', `${tag} ${moves} ${seed}`];
      // the tag is moved by the planting, so its history has to know the digest by then
      const { digest } = await plantRealImage({ registry: source, repository: 't/app' }, { layers });
      history.get(tag)?.push(digest);
      source.catalog.get('t/app')?.tags.set(tag, digest);
      const body = notification({ host: source.host, repository: 't/app', tag, digest });
      const location = await tellUntilTaken(url, body, () => (repeated += 1));
      acknowledged.set(body, location);
      await delay(PAUSE_MS);
    }
  }

  let serve = startServe(bed);
  await ready(bed, serve);
  const startedAt = performance.now();
  await serve.end('SIGKILL');
  serve = startServe(bed);
  await ready(bed, serve);
  const lifeMs = Math.min(LONGEST_LIFE_MS, 1.5 * (performance.now() - startedAt));

  const watching = watchTags(target.url, 'm/app', history, over.signal);
  const clients = Array.from({ length: CLIENTS }, moveTags);
  for (let kill = 0; kill < kills; kill += 1) {
    // some lives begin with work, on however slow a machine; most end at any moment of their start
    if (kill % 3 === 0) await ready(bed, serve);
    await delay(random() * (kill % 3 === 0 ? BUSY_LIFE_MS : lifeMs));
    if (serve.hasEnded()) throw new Error(`the server ended by itself: ${serve.lastWords()}`);
    await serve.end('SIGKILL');
    serve = startServe(bed);
  }
  await ready(bed, serve);
  over.abort();
  await Promise.all(clients);
  const wrong = await watching;
  wrong.push(...(await settle(bed, target, history)), ...(await compare(bed, url, acknowledged)));
  wrong.push(...(await countEffects(target, history)));
  await serve.end('SIGTERM');
  if (serve.process.exitCode !== 0) wrong.push(`the server ended with ${serve.process.exitCode}: ${serve.lastWords()}`);
  return { seed, kills, acknowledged: acknowledged.size, repeated, wrong };
}

function startServe({ configFile, folder }: ServeBed): Running {
  return startProcess(process.execPath, [LAUNCHER, 'serve', '-q', '-c', configFile], {
    env: serveEnvironment(folder),
  });
}

async function ready({ folder }: ServeBed, serve: Running): Promise<void> {
  await until(async () => {
    if (serve.hasEnded()) throw new Error(`the server ended by itself: ${serve.lastWords()}`);
    return (await ask(folder, '/readyz'))?.status === 200;
  });
}

function ask(folder: string, route: string): Promise<{ status: number; body: unknown } | undefined> {
  return askSocket(path.join(folder, 'data', 'admin.sock'), route).catch(() => undefined);
}

/** Where the job is that the answer names. */
async function tellUntilTaken(url: string, body: string, onRepeat: () => void): Promise<string> {
  for (;;) {
    const answer = await notify(url, body);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.status === 202) return answer.headers.get('location') ?? '';
    onRepeat();
    await delay(PAUSE_MS);
  }
}

/** Waits until every tag is what its source is. */
async function settle(bed: ServeBed, target: Server, history: TagHistory): Promise<string[]> {
  const deadline = Date.now() + SETTLE_WITHIN_MS;
  for (;;) {
    const behind: string[] = [];
    for (const [tag, digests] of history) {
      const { headers } = await fetch(`${target.url}/v2/m/app/manifests/${tag}`, {
        method: 'HEAD',
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      });
      if (digests.length > 0 && headers.get('docker-content-digest') !== digests.at(-1)) behind.push(tag);
    }
    const open = [...(await jobsIn(bed, 'READY')), ...(await jobsIn(bed, 'LEASED'))];
    if (behind.length === 0 && open.length === 0) return [];
    if (Date.now() > deadline) return [`not as their sources: ${behind.join()}; jobs that still wait: ${open.length}`];
    await delay(100);
  }
}

async function jobsIn({ folder }: ServeBed, state: string): Promise<unknown[]> {
  const { body } = (await ask(folder, `/v1/jobs?limit=100&state=${state}`)) ?? {};
  return typeof body === 'object' && body !== null && 'items' in body && Array.isArray(body.items)
    ? body.items
    : [body];
}

/** Every acknowledged event has its job, which is done or done by another; told again, it makes no new one. */
async function compare(bed: ServeBed, url: string, acknowledged: ReadonlyMap<string, string>): Promise<string[]> {
  const wrong: string[] = [];
  const dead = await jobsIn(bed, 'DEAD');
  if (dead.length > 0) wrong.push(`${dead.length} jobs were given up: ${JSON.stringify(dead[0])}`);
  for (const location of acknowledged.values()) {
    const { status, body } = (await ask(bed.folder, location)) ?? { status: 0, body: undefined };
    const state = typeof body === 'object' && body !== null && 'state' in body ? body.state : undefined;
    if (status !== 200 || (state !== 'DONE' && state !== 'SUPERSEDED'))
      wrong.push(`${location}: ${status} ${String(state)}`);
  }
  const again = [...acknowledged].slice(-REPEATED_IN_THE_END);
  for (const [body, location] of again) {
    const answer = await notify(url, body);
    const named = answer?.headers.get('location');
    if (answer?.status !== 202 || named !== location) wrong.push(`told again: ${location} became ${String(named)}`);
  }
  if (new Set(acknowledged.values()).size !== acknowledged.size) wrong.push('two events have the same job');
  return wrong;
}

/** A tag is written once for each digest that it had at most: a job that runs again finds what is there. */
async function countEffects(target: Server, history: TagHistory): Promise<string[]> {
  const writes = new Map<string, number>();
  for (const { method, path: asked, status } of await target.requests()) {
    const tag = /\/manifests\/(t\d+)$/.exec(asked)?.[1];
    if (method === 'PUT' && status === 201 && tag !== undefined) writes.set(tag, (writes.get(tag) ?? 0) + 1);
  }
  return [...writes].flatMap(([tag, count]) => {
    const most = history.get(tag)?.length ?? 0;
    return count > most ? [`${tag} was written ${count} times for ${most} digests`] : [];
  });
}
