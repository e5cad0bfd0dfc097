// What the functions of AWS work with, on a store in a file: the queue is a list, and messages come when a test says so. The index of this
// store never lags, so what is asked for by name is what is asked for by kind; the store on DynamoDB has tests of its own for that.
import { rm } from 'node:fs/promises';
import type { AwsJobStore } from '../../../infra/aws/job-store.ts';
import type { IntakeDeps } from '../../../infra/aws/host/aws-host.ts';
import type { Mark, Marks } from '../../../infra/aws/records/marks.ts';
import { openSqliteStore } from '../../../infra/node/sqlite-store.ts';
import type { Config } from '../../../shared/config/config.ts';
import type { Job, NewJob } from '../../../shared/jobs/job.ts';
import { silentLogger } from '../../../shared/telemetry/logger.ts';
import { noMetrics } from '../../../shared/telemetry/metrics.ts';
import { configOf } from '../config-of.ts';
import { manualClock, type ManualClock } from './manual-clock.ts';
import { newFolder } from './sqlite-subject.ts';

export type Sent = { messageId: string; body: string };

export type WokenBed = {
  clock: ManualClock;
  store: AwsJobStore;
  marks: Marks;
  /** The messages that wait; a test takes them out. */
  queue: Sent[];
  deps(config?: Config | string): IntakeDeps;
  accept(job?: Partial<NewJob>, key?: string): Promise<string>;
  job(id: string): Promise<Job>;
  close(): Promise<void>;
};

export async function openWokenBed(): Promise<WokenBed> {
  const clock = manualClock();
  const dataDir = await newFolder();
  const queue: Sent[] = [];
  let count = 0;
  const send = (jobId: string, kind: string): void => {
    count += 1;
    queue.push({ messageId: `m${count}`, body: JSON.stringify({ jobId, kind }) });
  };
  const opened = await openSqliteStore({
    dataDir,
    clock,
    ballastBytes: 4096,
    pace: (commit) => void setImmediate(commit),
    onChange: ({ jobId, kind, state }) => {
      if (state === 'READY') send(jobId, kind);
    },
  });
  const { jobs, pushes, grants, oldestDue, close } = opened;
  const store: AwsJobStore = {
    ...jobs,
    claimNamed: (kind, named, leaseMs, room) => jobs.claim(kind, named.length, leaseMs, room),
    passOn: async ({ id, kind }) => send(id, kind),
    oldestDue,
  };
  const marks = memoryMarks();
  const bed: WokenBed = {
    clock,
    store,
    marks,
    queue,
    deps(config = '') {
      const held = typeof config === 'string' ? configOf(config) : config;
      const given = () => held;
      return { clock, config: given, grants, jobs: store, logger: silentLogger, marks, metrics: noMetrics, pushes };
    },
    accept: async (job, key) => (await store.accept({ kind: 'mirror', payload: null, ...job }, key)).id,
    async job(id) {
      const job = await store.get(id);
      if (job === undefined) throw new Error(`there is no job ${id}`);
      return job;
    },
    async close() {
      await close();
      await rm(dataDir, { recursive: true });
    },
  };
  return bed;
}

function memoryMarks(): Marks {
  const kept = new Map<string, Mark>();
  return {
    get: async (name) => kept.get(name),
    async set(name, mark, seen) {
      if (kept.get(name)?.generation !== seen?.generation) return false;
      kept.set(name, mark);
      return true;
    },
  };
}
