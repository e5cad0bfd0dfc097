// Takes jobs in: one per key, in place of those that wait with the same purpose. Key, job, the older ones' end and the counters are one
// transaction; its conditions decide every race.
import { TransshipError, isTransshipError } from '../../../shared/errors.ts';
import { newJobId } from '../../../shared/jobs/job-id.ts';
import type { Accepted } from '../../../shared/jobs/job-store.ts';
import type { Job, NewJob } from '../../../shared/jobs/job.ts';
import { jsonText } from '../../../shared/jobs/json.ts';
import { MAX_PAYLOAD_BYTES, assertName, newJob } from '../../../shared/jobs/new-job.ts';
import { accepted, superseded, superseding } from '../../../shared/jobs/transitions.ts';
import { sizeBytes, text, texts, type Item } from '../dynamo/attributes.ts';
import { ABSENT } from '../dynamo/conditions.ts';
import { storedJob, type StoredJob } from './job-items.ts';
import { keyItem } from './jobs-by-key.ts';
import { dedupeKey, jobIdOf, jobKey, waitingKey } from './keys.ts';
import { writeMove, writeNewJob } from './move-writes.ts';
import type { StoreContext } from './store-context.ts';
import type { Write } from '../dynamo/table-access.ts';
import { writeSet, type WriteSet } from './write-set.ts';

/** Undefined: what had to be written beside it was refused, and nothing is accepted. */
export type AcceptJob = (asked: NewJob, key: string | undefined, beside?: Write) => Promise<Accepted | undefined>;

type Waiting = { list: Item | undefined; jobs: readonly StoredJob[]; others: readonly string[] };

const MAX_TRIES = 20;
/** A transaction has 100 writes, and each of them takes two; of its 4 MB the new job needs some itself. */
const MAX_SUPERSEDED = 40;
const MAX_SUPERSEDED_BYTES = 3 * 1024 * 1024;

export function acceptJob({ table, clock, order, wake, random }: StoreContext): AcceptJob {
  /** What is known under the key, and who waits with the same purpose: one request, two where somebody waits. */
  async function look(job: Job, key: string | undefined): Promise<{ known: string | undefined; waiting: Waiting }> {
    const keys: Item[] = [];
    if (key !== undefined) keys.push(dedupeKey(key));
    if (job.coalesce !== undefined) keys.push(waitingKey(job.kind, job.coalesce));
    const items = keys.length === 0 ? [] : await table.getAll(keys);
    const known = items.find((item) => text(item, 'pk').startsWith('D#'));
    const list = items.find((item) => text(item, 'pk').startsWith('W#'));
    const ids = known === undefined ? texts(list, 'jobIds') : [];
    const found = ids.length === 0 ? [] : await table.getAll(ids.map(jobKey));
    const sizes = new Map(found.map((item) => [jobIdOf(item), sizeBytes(item)]));
    // one that runs meanwhile comes back onto the list when it waits again
    const jobs = found
      .map(storedJob)
      .filter((one) => one.job.state === 'READY')
      .sort((one, other) => (one.age < other.age ? -1 : 1));
    let bytes = 0;
    const tooMany = jobs.findIndex(
      (one, index) => index === MAX_SUPERSEDED || (bytes += sizes.get(one.job.id) ?? 0) > MAX_SUPERSEDED_BYTES,
    );
    const count = tooMany === -1 ? jobs.length : tooMany;
    const waiting = { list, jobs: jobs.slice(0, count), others: jobs.slice(count).map((one) => one.job.id) };
    return { known: known === undefined ? undefined : text(known, 'jobId'), waiting };
  }

  function writeReplacement(set: WriteSet, fresh: Job, { list, jobs, others }: Waiting, now: Date): Job {
    if (fresh.coalesce === undefined) return fresh;
    let job = fresh;
    for (const one of jobs) {
      job = superseding(job, one.job);
      writeMove(set, one, superseded(one.job, job.id, now), now, order);
    }
    set.replaceWaiting(job.kind, fresh.coalesce, list, [...others, job.id]);
    return job;
  }

  return async (asked, key, beside) => {
    assertStorable(asked, key);
    const now = clock.now();
    const fresh = newJob(asked, newJobId(now), now);
    const age = order();

    async function replace(waiting: Waiting) {
      const set = writeSet(table.name, now, random);
      const job = writeReplacement(set, fresh, waiting, now);
      const { write } = writeNewJob(set, accepted(job), age, key, now);
      const keyWrite = key === undefined ? undefined : set.put(keyItem(key, job), ABSENT);
      const refused = await table.commit([...(beside === undefined ? [] : [beside]), ...set.all()]);
      return { job, write, keyWrite, refused };
    }

    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const { known, waiting } = await look(fresh, key);
      if (known !== undefined) return { id: known, isNew: false };
      const { job, write, keyWrite, refused } = await replace(waiting).catch((error: unknown) => {
        if (waiting.jobs.length === 0 || !isTransshipError(error, 'invalid-job')) throw error;
        // one of those that wait may be too large to be written again (move-or-bury.ts): it holds up nobody
        return replace(besides(waiting));
      });
      // the job is there: it was written, and the answer lost
      if (refused === undefined || refused.has(write)) {
        await wake([job], now);
        return { id: job.id, isNew: true };
      }
      if (beside !== undefined && refused.has(beside)) return undefined;
      const first = keyWrite === undefined ? undefined : refused.get(keyWrite);
      if (first !== undefined) return { id: text(first, 'jobId'), isNew: false };
    }
    throw new TransshipError('store-unavailable', 'jobs with the same purpose are accepted all the time', {
      retryable: true,
    });
  };
}

/** All of them go on waiting. */
function besides({ list, jobs, others }: Waiting): Waiting {
  return { list, jobs: [], others: [...jobs.map(({ job }) => job.id), ...others] };
}

/** @throws TransshipError invalid-job */
export function assertStorable(asked: NewJob, key: string | undefined): void {
  newJob(asked, '', new Date(0));
  jsonText(asked.payload, MAX_PAYLOAD_BYTES, 'payload');
  if (key !== undefined) assertName(key);
}
