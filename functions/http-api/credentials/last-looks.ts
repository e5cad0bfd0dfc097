// What the last look at each whole cluster found, out of the jobs that are kept: so it is known after a restart, too.
import * as z from 'zod';
import type { Job, JobProblem } from '../../../shared/jobs/job.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { CREDENTIALS, credentialsPayload } from '../../job-kinds/credentials-job.ts';

/** What of the report of a job is shown; see refresh-credentials/report-json.ts. */
const report = z.looseObject({
  namespaces: z.int(),
  overdue: z.int(),
  conflicts: z.looseObject({
    first: z.array(
      z.object({
        namespace: z.string(),
        object: z.string(),
        rule: z.string(),
        reason: z.string(),
        message: z.string(),
        hint: z.string(),
      }),
    ),
  }),
  failures: z.looseObject({ count: z.int() }),
  degraded: z.array(z.looseObject({ registry: z.string() })),
  providers: z.array(
    z.object({
      registry: z.string(),
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
      retryAt: z.string(),
    }),
  ),
  firstEndsAt: z.string().optional(),
  nextAt: z.string().optional(),
});

export type Look = {
  jobId: string;
  /** Absent: it is tried again. */
  endedAt?: Date;
  result?: z.output<typeof report>;
  /** Why the cluster could not be looked at. */
  problem?: JobProblem;
};

const PAGE = 200;
/** Jobs of single Namespaces stand between those of whole clusters. */
const MOST_PAGES = 10;

/** By cluster; absent for one that nobody has looked at lately. */
export async function lastLooks(
  jobs: Pick<JobStore, 'list'>,
  clusters: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Look>> {
  const found = new Map<string, Look>();
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES && found.size < clusters.size; page += 1) {
    const listed = await jobs.list({ kind: CREDENTIALS }, PAGE, cursor);
    for (const job of listed.jobs) {
      const cluster = wholeClusterOf(job);
      if (cluster === undefined || !clusters.has(cluster) || found.has(cluster)) continue;
      const look = lookOf(job);
      if (look !== undefined) found.set(cluster, look);
    }
    cursor = listed.next;
    if (cursor === undefined) break;
  }
  return found;
}

function wholeClusterOf({ payload }: Job): string | undefined {
  const { cluster, rule, namespace } = credentialsPayload.safeParse(payload).data ?? {};
  return rule === undefined && namespace === undefined ? cluster : undefined;
}

/** Undefined for a job that has found out nothing yet. */
function lookOf({ id, state, result, problem, finishedAt }: Job): Look | undefined {
  const parsed = report.safeParse(result).data;
  const failure = state === 'DONE' ? undefined : problem;
  if (parsed === undefined && failure === undefined) return undefined;
  return {
    jobId: id,
    ...(finishedAt === undefined ? {} : { endedAt: finishedAt }),
    ...(parsed === undefined ? {} : { result: parsed }),
    ...(failure === undefined ? {} : { problem: failure }),
  };
}
