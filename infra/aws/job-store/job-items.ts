// Jobs as items, and back. What indexes and conditions need are attributes of their own; everything else is one JSON text, with the newest
// lines of the job's history, so that most changes write one item. Nothing long is written twice: with everything at its limit
// (shared/jobs/new-job.ts) an item has room to spare.
import { JOB_EVENT_TYPES, type Job, type JobEvent } from '../../../shared/jobs/job.ts';
import { jsonText } from '../../../shared/jobs/json.ts';
import { MAX_CHECKPOINT_BYTES, MAX_EVENT_BYTES, MAX_RESULT_BYTES, purposeOf } from '../../../shared/jobs/new-job.ts';
import { n, number, s, text, type Item } from '../dynamo/attributes.ts';
import { jobIndexKeys, jobKey, pageKey } from './keys.ts';

/** A job as it was read or written last. */
export type StoredJob = {
  job: Job;
  /** Counts the writes. */
  rev: number;
  age: string;
  /** The key it was accepted with. */
  key: string | undefined;
  /** The newest lines of its history; those before are in pages. */
  lines: readonly JobEvent[];
  /** Where the pages end. */
  pagedTo: number;
  /** A message was sent for its present wait. */
  woken: boolean;
};

type Moments = 'acceptedAt' | 'runAt' | 'leaseUntil' | 'finishedAt';
type Line = [sequence: number, atMs: number, type: string, data: JobEvent['data']];
type Times = { acceptedAt: number; runAt: number; leaseUntil?: number; finishedAt?: number };
type Body = Omit<Job, Moments | 'targets' | 'hosts'> & Times;

/** @throws TransshipError invalid-job for data that no store takes */
export function jobItem({ job, rev, age, key, lines, pagedTo, woken }: StoredJob): Item {
  if (job.checkpoint !== undefined) jsonText(job.checkpoint, MAX_CHECKPOINT_BYTES, 'checkpoint');
  if (job.result !== undefined) jsonText(job.result, MAX_RESULT_BYTES, 'result');
  const { targets, hosts, ...rest } = job;
  const body = {
    ...rest,
    coalesce: job.coalesce === purposeOf(targets) ? undefined : job.coalesce,
    acceptedAt: job.acceptedAt.getTime(),
    runAt: job.runAt.getTime(),
    leaseUntil: job.leaseUntil?.getTime(),
    finishedAt: job.finishedAt?.getTime(),
  };
  const item: Item = {
    ...jobKey(job.id),
    rev: n(rev),
    kind: s(job.kind),
    hosts: s(JSON.stringify(hosts)),
    targets: s(JSON.stringify(targets)),
    runAt: n(job.runAt.getTime()),
    woken: { BOOL: woken },
    body: s(JSON.stringify(body)),
    lines: s(linesText(lines)),
    pagedTo: n(pagedTo),
    ...(key === undefined ? {} : { key: s(key) }),
  };
  for (const [name, value] of Object.entries(jobIndexKeys(job, age))) item[name] = s(value);
  return item;
}

export function storedJob(item: Item): StoredJob {
  const body: Body = JSON.parse(text(item, 'body'));
  const targets: readonly string[] = JSON.parse(text(item, 'targets'));
  const hosts: readonly string[] = JSON.parse(text(item, 'hosts'));
  return {
    job: {
      ...body,
      targets,
      hosts,
      coalesce: body.coalesce ?? purposeOf(targets),
      owner: body.owner,
      checkpoint: body.checkpoint,
      result: body.result,
      problem: body.problem,
      supersededBy: body.supersededBy,
      traceparent: body.traceparent,
      acceptedAt: new Date(body.acceptedAt),
      runAt: new Date(body.runAt),
      leaseUntil: optionalTime(body.leaseUntil),
      finishedAt: optionalTime(body.finishedAt),
    },
    rev: number(item, 'rev'),
    age: text(item, 'age'),
    key: item['key']?.S,
    lines: linesOf(item),
    pagedTo: number(item, 'pagedTo'),
    woken: item['woken']?.BOOL === true,
  };
}

/** Older lines of a history. */
export function pageItem(jobId: string, lines: readonly JobEvent[]): Item {
  return { ...pageKey(jobId, lines.at(-1)?.sequence ?? 0), lines: s(linesText(lines)) };
}

export function linesOf(item: Item): JobEvent[] {
  const lines: Line[] = JSON.parse(text(item, 'lines'));
  return lines.flatMap(([sequence, atMs, name, data]) => {
    const type = JOB_EVENT_TYPES.find((known) => known === name);
    return type === undefined ? [] : [{ sequence, at: new Date(atMs), type, data }];
  });
}

/** @throws TransshipError invalid-job */
export function assertLine(data: JobEvent['data'], what: string): void {
  jsonText(data, MAX_EVENT_BYTES, what);
}

export function linesText(lines: readonly JobEvent[]): string {
  return JSON.stringify(lines.map(({ sequence, at, type, data }) => [sequence, at.getTime(), type, data]));
}

function optionalTime(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
