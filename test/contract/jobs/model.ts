// What a job store must do, said a second time and as plainly as possible: lists in memory, no shared code with the real thing. The
// model-based test compares every store with it, step by step.
import type { Lease, JobState, NewJob } from '../../../shared/jobs/job.ts';
import type { Room } from '../../../shared/jobs/job-store.ts';

export type ModelJob = {
  id: string;
  kind: string;
  targets: string[];
  coalesce: string | undefined;
  hosts: string[];
  priority: number;
  state: JobState;
  runAt: number;
  leaseUntil: number;
  fence: number;
  attempts: number;
  maxAttempts: number;
  advanced: boolean;
  cancelRequested: boolean;
  checkpoint: unknown;
  supersededBy: string | undefined;
  finishedAt: number;
};

export type Model = {
  jobs: ModelJob[];
  purged: number;
  messages: { jobId: string; createdAt: number }[];
  now: number;
  accept(asked: NewJob, key: string | undefined, newId: string): { id: string; isNew: boolean };
  claim(kind: string, limit: number, leaseMs: number, room: Room | undefined): { jobId: string; fence: number }[];
  /** 'fence-lost', or what the store answers. */
  heartbeat(lease: Lease): unknown;
  checkpoint(lease: Lease, state: unknown): unknown;
  yield(lease: Lease, why: 'slice' | 'stop'): unknown;
  complete(lease: Lease, messages: number): unknown;
  retry(lease: Lease, at: number): unknown;
  bury(lease: Lease): unknown;
  cancel(id: string): JobState | undefined;
  redrive(kind: string, limit: number): string[];
  sweep(limit: number): number;
  purge(before: number, limit: number): number;
  restart(): void;
};

const NEVER = Number.POSITIVE_INFINITY;

export function jobStoreModel(freesLeasesAtStart: boolean): Model {
  const keys = new Map<string, string>();
  const model: Model = {
    jobs: [],
    purged: 0,
    messages: [],
    now: 0,

    accept(asked, key, newId) {
      const known = key === undefined ? undefined : keys.get(key);
      if (known !== undefined) return { id: known, isNew: false };
      if (key !== undefined) keys.set(key, newId);
      const targets = [...new Set(asked.targets)].sort();
      const job: ModelJob = {
        id: newId,
        kind: asked.kind,
        targets,
        coalesce: asked.coalesce ?? (targets.length === 0 ? undefined : JSON.stringify(targets)),
        hosts: [...(asked.hosts ?? [])].sort(),
        priority: asked.priority ?? 0,
        state: 'READY',
        runAt: asked.runAt?.getTime() ?? model.now,
        leaseUntil: NEVER,
        fence: 0,
        attempts: 0,
        maxAttempts: asked.maxAttempts ?? 8,
        advanced: false,
        cancelRequested: false,
        checkpoint: undefined,
        supersededBy: undefined,
        finishedAt: NEVER,
      };
      for (const older of model.jobs) {
        if (older.state !== 'READY' || older.kind !== job.kind) continue;
        if (job.coalesce === undefined || older.coalesce !== job.coalesce) continue;
        job.runAt = Math.min(job.runAt, older.runAt);
        job.checkpoint ??= older.checkpoint;
        older.supersededBy = newId;
        finish(older, 'SUPERSEDED');
      }
      model.jobs.push(job);
      return { id: newId, isNew: true };
    },

    claim(kind, limit, leaseMs, room) {
      const claimed = [];
      const order = (one: ModelJob, other: ModelJob): number =>
        other.priority - one.priority || one.runAt - other.runAt;
      for (const job of model.jobs.filter((one) => one.kind === kind).sort(order)) {
        if (claimed.length === limit) break;
        if (job.state !== 'READY' || job.runAt > model.now || job.targets.some(isBusy)) continue;
        if (room !== undefined && !hasRoom(job, room)) continue;
        job.state = 'LEASED';
        job.fence += 1;
        job.attempts += 1;
        job.advanced = false;
        job.leaseUntil = model.now + leaseMs;
        claimed.push({ jobId: job.id, fence: job.fence });
      }
      return claimed;
    },

    heartbeat: (lease) => held(lease, (job) => beat(job, lease)),
    checkpoint: (lease, state) =>
      held(lease, (job) => {
        job.advanced ||= JSON.stringify(job.checkpoint) !== JSON.stringify(state);
        job.checkpoint = state;
        return beat(job, lease);
      }),
    yield: (lease, why) =>
      held(lease, (job) => {
        if (job.cancelRequested) return finish(job, 'CANCELLED');
        if (job.advanced) job.attempts = 0;
        else if (why === 'stop') job.attempts -= 1;
        else if (job.attempts >= job.maxAttempts) return die(job);
        return offer(job, model.now);
      }),
    complete: (lease, messages) =>
      held(lease, (job) => {
        for (let count = 0; count < messages; count += 1) tell(job);
        finish(job, 'DONE');
        return undefined;
      }),
    retry: (lease, at) => held(lease, (job) => failed(job, at, Math.floor(job.maxAttempts / 2))),
    bury: (lease) =>
      held(lease, (job) => {
        die(job);
        return undefined;
      }),

    cancel(id) {
      const job = model.jobs.find((one) => one.id === id);
      if (job?.state === 'READY') finish(job, 'CANCELLED');
      if (job?.state === 'LEASED') job.cancelRequested = true;
      return job?.state;
    },
    redrive(kind, limit) {
      const dead = model.jobs.filter((job) => job.state === 'DEAD' && job.kind === kind).slice(0, limit);
      for (const job of dead) {
        job.attempts = 0;
        job.cancelRequested = false;
        job.finishedAt = NEVER;
        offer(job, model.now);
      }
      return dead.map(({ id }) => id);
    },
    sweep(limit) {
      const expired = model.jobs
        .filter((job) => job.state === 'LEASED' && job.leaseUntil <= model.now)
        .sort((one, other) => one.leaseUntil - other.leaseUntil)
        .slice(0, limit);
      for (const job of expired) abandoned(job);
      return expired.length;
    },
    purge(before, limit) {
      const old = model.jobs
        .filter((job) => job.finishedAt < before)
        .sort((one, other) => one.finishedAt - other.finishedAt)
        .slice(0, limit);
      model.jobs = model.jobs.filter((job) => !old.includes(job));
      for (const [key, id] of keys) if (old.some((job) => job.id === id)) keys.delete(key);
      model.messages = model.messages.filter(({ createdAt }) => createdAt >= before);
      model.purged += old.length;
      return old.length;
    },
    restart() {
      if (!freesLeasesAtStart) return;
      for (const job of model.jobs) if (job.state === 'LEASED') abandoned(job);
    },
  };

  function held(lease: Lease, change: (job: ModelJob) => unknown): unknown {
    const job = model.jobs.find(
      ({ id, state, fence }) => id === lease.jobId && state === 'LEASED' && fence === lease.fence,
    );
    return job === undefined ? 'fence-lost' : change(job);
  }

  function beat(job: ModelJob, lease: Lease): unknown {
    job.leaseUntil = model.now + lease.leaseMs;
    return { cancelRequested: job.cancelRequested };
  }

  function isBusy(target: string): boolean {
    return model.jobs.some((job) => job.state === 'LEASED' && job.targets.includes(target));
  }

  function hasRoom({ kind, hosts }: ModelJob, room: Room): boolean {
    const running = model.jobs.filter((job) => job.state === 'LEASED' && job.kind === kind);
    const count = (is: (job: ModelJob) => boolean): number => running.filter(is).length;
    if (hosts.length > 0 && count((job) => job.hosts.join() === hosts.join()) >= room.perRoute) return false;
    return hosts.every((host) => count((job) => job.hosts.includes(host)) < room.perHost);
  }

  function abandoned(job: ModelJob): void {
    failed(job, model.now, 0);
  }

  /** @param counted how many tries stay counted of a job that got on */
  function failed(job: ModelJob, at: number, counted: number): JobState {
    if (job.cancelRequested) return finish(job, 'CANCELLED');
    if (job.advanced) job.attempts = Math.min(job.attempts, counted);
    return job.attempts >= job.maxAttempts ? die(job) : offer(job, at);
  }

  function offer(job: ModelJob, at: number): JobState {
    job.runAt = at;
    job.leaseUntil = NEVER;
    return (job.state = 'READY');
  }

  function die(job: ModelJob): JobState {
    tell(job);
    return finish(job, 'DEAD');
  }

  function finish(job: ModelJob, state: JobState): JobState {
    job.finishedAt = model.now;
    job.leaseUntil = NEVER;
    return (job.state = state);
  }

  function tell(job: ModelJob): void {
    model.messages.push({ jobId: job.id, createdAt: model.now });
  }

  return model;
}
