// What the outside sees of the jobs. Pages are found by the indexes of age; what is shown is read from the jobs themselves.
import type { Job, JobState } from '../../../shared/jobs/job.ts';
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { isAge } from '../dynamo/age-order.ts';
import { number, s, text, type Item } from '../dynamo/attributes.ts';
import { newestOf } from '../dynamo/lanes.ts';
import { linesOf, storedJob } from './job-items.ts';
import { COUNTER_SHARDS, JOB_ROW, ageGroups, counterKey, jobIdOf, jobKey, pageRow, stateGroups } from './keys.ts';
import type { StoreContext } from './store-context.ts';
import { AGE_INDEX, STATE_INDEX } from './table.ts';

type Operations = Pick<JobStore, 'get' | 'list' | 'log' | 'counts'>;

const MAX_TRIES = 5;

export function readJobs({ table }: StoreContext): Operations {
  /** What the index has of one group, newest first, as much as is wanted. */
  function newest(group: string, state: JobState | undefined, kind: string | undefined, before: string, want: number) {
    const query = {
      IndexName: state === undefined ? AGE_INDEX : STATE_INDEX,
      KeyConditionExpression: `${state === undefined ? 'ageGroup' : 'stateGroup'} = :group AND age < :before`,
      ExpressionAttributeValues: { ':group': s(group), ':before': s(before) },
    };
    return newestOf(table, query, want, (item) => kind === undefined || text(item, 'kind') === kind);
  }

  async function readAll(items: readonly Item[]): Promise<Job[]> {
    const found = new Map(
      (await table.getAll(items.map((item) => jobKey(jobIdOf(item))))).map((item) => [jobIdOf(item), item]),
    );
    return items.flatMap((item) => {
      const whole = found.get(jobIdOf(item));
      return whole === undefined ? [] : [storedJob(whole).job];
    });
  }

  return {
    async get(id) {
      const item = await table.get(jobKey(id));
      return item === undefined ? undefined : storedJob(item).job;
    },
    async list({ state, kind }, limit, cursor = '~') {
      if (cursor !== '~' && !isAge(cursor)) return { jobs: [], next: undefined };
      const groups = state === undefined ? ageGroups() : stateGroups(state);
      const lanes = await Promise.all(groups.map((group) => newest(group, state, kind, cursor, limit + 1)));
      const found = lanes.flat().sort((one, other) => (text(one, 'age') > text(other, 'age') ? -1 : 1));
      const page = found.slice(0, limit);
      const jobs = await readAll(page);
      const last = page.at(-1);
      const next = found.length > limit && last !== undefined ? text(last, 'age') : undefined;
      // the index may be behind: what has left the state meanwhile is not shown
      return { jobs: jobs.filter((job) => state === undefined || job.state === state), next };
    },
    async log(id, after, limit) {
      for (let tries = 1; ; tries += 1) {
        const items = await table.queryAll({
          KeyConditionExpression: 'pk = :job AND sk > :after',
          ExpressionAttributeValues: { ':job': jobKey(id)['pk'] ?? s(''), ':after': s(pageRow(after)) },
          ConsistentRead: true,
        });
        // a page may have been written between the reading of pages and job: it would be missing
        if (tries < MAX_TRIES && isTorn(items, after)) continue;
        const lines = items.flatMap(linesOf).filter(({ sequence }) => sequence > after);
        return lines.slice(0, limit);
      }
    },
    async counts() {
      const keys = Array.from({ length: COUNTER_SHARDS }, (_, shard) => counterKey(shard));
      const shards = await table.getAll(keys);
      const sum = (name: string): number => shards.reduce((total, item) => total + number(item, name), 0);
      const states: Record<JobState, number> = {
        READY: sum('READY'),
        LEASED: sum('LEASED'),
        DONE: sum('DONE'),
        DEAD: sum('DEAD'),
        CANCELLED: sum('CANCELLED'),
        SUPERSEDED: sum('SUPERSEDED'),
      };
      return { accepted: sum('accepted'), purged: sum('purged'), states };
    },
  };
}

function isTorn(items: readonly Item[], after: number): boolean {
  const job = items.at(-1);
  if (job === undefined || text(job, 'sk') !== JOB_ROW) return false;
  const pagedTo = number(job, 'pagedTo');
  return pagedTo > after && text(items.at(-2) ?? {}, 'sk') !== pageRow(pagedTo);
}
