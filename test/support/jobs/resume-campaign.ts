// Kills the process that copies one large layer, again and again at random bytes, and measures what that costs: bytes sent more than
// once, and memory.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import { mirrorJob } from '../../../functions/job-kinds/mirror-job.ts';
import type { Job } from '../../../shared/jobs/job.ts';
import { startProcess } from '../child-processes.ts';
import { startGeneratedSource } from '../generated-source.ts';
import { startCampaignTarget, type CampaignTarget } from './campaign-target.ts';
import { seededRandom } from './seeded-random.ts';
import { newFolder } from './sqlite-subject.ts';

export type ResumeReport = {
  seed: number;
  kills: number;
  layerBytes: number;
  /** Bytes to the target beyond those of the layer; requests' heads are in it. */
  resentBytes: number;
  /** The largest resident set of any of the processes. */
  mostMemoryBytes: number;
  durationMs: number;
  job: Job;
  /** What the target's tag names in the end. */
  digest: string | undefined;
  wanted: string;
};

export type ResumeCampaign = { to: CampaignTarget; layerBytes: number; kills: number; seed: number };

const PROCESS = fileURLToPath(new URL('mirroring-process.ts', import.meta.url));

export async function resumeCampaign({ to, layerBytes, kills, seed }: ResumeCampaign): Promise<ResumeReport> {
  const random = seededRandom(seed);
  await using source = await startGeneratedSource(layerBytes, seed);
  await using reached = await startCampaignTarget(to);
  const { proxy } = reached;
  const dataDir = await newFolder();
  const startedAt = Date.now();
  const target = `${proxy.host}/app:v1`;
  const id = await inStore(dataDir, async ({ jobs }) => {
    const payload = {
      source: `${source.host}/app:v1`,
      targets: [target],
      trigger: 'push',
      referrers: false,
      onConflict: 'overwrite',
    } as const;
    return (await jobs.accept(mirrorJob({ ...payload, targets: [target] }))).id;
  });

  let mostMemoryBytes = 0;
  let ended: string | undefined;
  for (let kill = 0; kill <= kills && ended === undefined; kill += 1) {
    const { promise: end, resolve } = Promise.withResolvers<string>();
    const running = startProcess(process.execPath, [PROCESS, dataDir, ...(to === 'ecr' ? [proxy.host] : [])], {
      env: { ...process.env, ...reached.env },
      onLine: (line) => {
        if (!line.startsWith('open')) resolve(line);
      },
    });
    const crash = once(running.process, 'close').then(() => `it ended by itself: ${running.lastWords()}`);
    const killAt = proxy.sentBytes + random() * ((2 * reached.wireBytes(layerBytes)) / (kills + 1));
    const reachedByte =
      kill < kills ? proxy.reached(killAt).then(() => undefined) : new Promise<undefined>(() => undefined);
    ended = await Promise.race([reachedByte, end, crash]);
    mostMemoryBytes = Math.max(mostMemoryBytes, peakMemory(running.process.pid));
    await running.end('SIGKILL');
  }

  const job = await inStore(dataDir, ({ jobs }) => jobs.get(id));
  if (job === undefined) throw new Error('the job is lost');
  const report = {
    seed,
    kills,
    layerBytes,
    resentBytes: ((proxy.sentBytes - reached.wireBytes(layerBytes)) * layerBytes) / reached.wireBytes(layerBytes),
    mostMemoryBytes,
    durationMs: Date.now() - startedAt,
    job,
    digest: await reached.tagged(),
    wanted: source.digest,
  };
  await rm(dataDir, { recursive: true });
  return report;
}

async function inStore<T>(
  dataDir: string,
  work: (store: Awaited<ReturnType<typeof openSqliteStore>>) => Promise<T>,
): Promise<T> {
  const store = await openSqliteStore({ dataDir, ballastBytes: 4096 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function peakMemory(pid: number | undefined): number {
  const [, kibibytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
