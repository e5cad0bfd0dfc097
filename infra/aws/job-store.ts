// The job store of AWS: DynamoDB is the truth, SQS wakes workers. It holds nothing open, so any number of processes may use one table.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TransshipError } from '../../shared/errors.ts';
import { systemClock, type Clock } from '../../shared/jobs/clock.ts';
import type { Job } from '../../shared/jobs/job.ts';
import type { JobStore } from '../../shared/jobs/job-store.ts';
import { acceptJob } from './job-store/accept-jobs.ts';
import { ageOrder, type AgeOrder } from './dynamo/age-order.ts';
import { changeJob } from './job-store/change-job.ts';
import type { ClaimNamed } from './job-store/claim-named.ts';
import { forgetProgress } from './job-store/forget-progress.ts';
import { keepHouse } from './job-store/keep-house.ts';
import { leaseJobs } from './job-store/lease-jobs.ts';
import { oldestDue } from './job-store/oldest-due.ts';
import { outbox } from './job-store/outbox.ts';
import { readJobs } from './job-store/read-jobs.ts';
import { schedules } from './job-store/schedules.ts';
import type { StoreContext } from './job-store/store-context.ts';
import { tableAccess } from './dynamo/table-access.ts';
import { wakeWorkers, type WakeOptions } from './job-store/wake-workers.ts';

export type AwsJobStoreOptions = WakeOptions & {
  dynamo: DynamoDBClient;
  /** A table as job-store/table.ts describes it. */
  tableName: string;
  /** The name of this process on the leases it holds; no two that run may have the same. */
  owner: string;
  clock?: Clock;
  /** The ages that this process gives; absent: by its clock. */
  order?: AgeOrder;
  random?: () => number;
};

/** What workers that messages wake need beside what every store has. */
export type AwsJobStore = JobStore & {
  claimNamed: ClaimNamed;
  /** Wakes another worker of the job's kind for whatever waits: the one that ended this job has no time for the next. */
  passOn(job: Job): Promise<void>;
  /** Since when the job that has waited longest could run; undefined where none waits. */
  oldestDue: (now: Date) => Promise<Date | undefined>;
};

/** By then an index has left off showing the job as running, whose place the next one needs. */
const PASS_ON_AFTER_MS = 1000;

export function awsJobStore(options: AwsJobStoreOptions): AwsJobStore {
  const { dynamo, tableName, owner, clock = systemClock, random = Math.random } = options;
  const table = tableAccess({ dynamo, tableName, random, tooLarge });
  const context: StoreContext = {
    table,
    clock,
    owner,
    random,
    order: options.order ?? ageOrder(clock),
    wake: wakeWorkers(options),
  };
  const accept = acceptJob(context);
  const change = changeJob(context, (before, after) => forgetProgress(table, before, after));
  return {
    async accept(asked, key) {
      const accepted = await accept(asked, key);
      if (accepted === undefined) throw new TypeError('nothing was to be written beside the job');
      return accepted;
    },
    ...leaseJobs(context, change),
    ...keepHouse(context, change),
    ...readJobs(context),
    ...schedules(context, accept),
    ...outbox(context),
    async passOn(job) {
      const now = clock.now();
      await context.wake([{ ...job, runAt: new Date(now.getTime() + PASS_ON_AFTER_MS) }], now);
    },
    oldestDue: (now) => oldestDue(table, now),
  };
}

function tooLarge(what: string): TransshipError {
  return new TransshipError('invalid-job', `the job has ${what}`, {
    hint: 'fewer or shorter targets and messages, or less payload, checkpoint and result',
  });
}
