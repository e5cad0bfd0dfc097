// Schedules, whose firing is an acceptance: the new time and the job are one transaction. There are few, all under one key, and they are
// read consistently.
import type { JobStore } from '../../../shared/jobs/job-store.ts';
import { jsonText } from '../../../shared/jobs/json.ts';
import { MAX_PAYLOAD_BYTES } from '../../../shared/jobs/new-job.ts';
import { firingKey, type Schedule, type Timing } from '../../../shared/jobs/schedule.ts';
import { assertStorable, type AcceptJob } from './accept-jobs.ts';
import { n, number, s, text, type Item } from '../dynamo/attributes.ts';
import { ABSENT } from '../dynamo/conditions.ts';
import { SCHEDULES, scheduleKey } from './keys.ts';
import type { StoreContext } from './store-context.ts';
import type { Write } from '../dynamo/table-access.ts';

type Operations = Pick<JobStore, 'schedule' | 'unschedule' | 'schedules' | 'due' | 'fire'>;

/** The schedule waits for the time that was seen. */
const STILL_DUE = 'nextAt = :seen';

export function schedules({ table }: StoreContext, accept: AcceptJob): Operations {
  async function all(): Promise<Schedule[]> {
    const items = await table.queryAll({
      KeyConditionExpression: 'pk = :schedules',
      ExpressionAttributeValues: { ':schedules': s(SCHEDULES) },
      ConsistentRead: true,
    });
    return items.map(scheduleOf);
  }

  function moveOn({ id, nextAt }: Schedule, next: Date): Write {
    return {
      Update: {
        TableName: table.name,
        Key: scheduleKey(id),
        UpdateExpression: 'SET nextAt = :next',
        ConditionExpression: STILL_DUE,
        ExpressionAttributeValues: { ':seen': n(nextAt.getTime()), ':next': n(next.getTime()) },
      },
    };
  }

  return {
    async schedule(schedule) {
      assertStorable(schedule.job, schedule.id);
      const timing = jsonText(schedule.timing, MAX_PAYLOAD_BYTES, 'timing');
      for (let isWritten = false; !isWritten;) {
        const before = await table.get(scheduleKey(schedule.id));
        const isSame = before !== undefined && text(before, 'timing') === timing;
        const Item = {
          ...scheduleKey(schedule.id),
          id: s(schedule.id),
          timing: s(timing),
          job: s(JSON.stringify(schedule.job)),
          nextAt: n(isSame ? number(before, 'nextAt') : schedule.nextAt.getTime()),
        };
        const asSeen =
          before === undefined
            ? ABSENT
            : {
                ConditionExpression: STILL_DUE,
                ExpressionAttributeValues: { ':seen': n(number(before, 'nextAt')) },
              };
        isWritten = (await table.commit([{ Put: { TableName: table.name, Item, ...asSeen } }])) === undefined;
      }
    },
    unschedule: (id) => table.deleteAll([scheduleKey(id)]),
    async schedules() {
      return (await all()).sort((one, other) => (one.id < other.id ? -1 : 1));
    },
    async due(now) {
      const due = (await all()).filter(({ nextAt }) => nextAt <= now);
      return due.sort((one, other) => one.nextAt.getTime() - other.nextAt.getTime() || (one.id < other.id ? -1 : 1));
    },
    async fire(schedule, next, runAt) {
      const moving = moveOn(schedule, next);
      const accepted = await accept({ ...schedule.job, runAt }, firingKey(schedule), moving);
      // fired before, and only its time stood still: that one moves on alone
      if (accepted !== undefined && !accepted.isNew) await table.commit([moving]);
      return accepted?.isNew === true;
    },
  };
}

function scheduleOf(item: Item): Schedule {
  const timing: Timing = JSON.parse(text(item, 'timing'));
  const job: Schedule['job'] = JSON.parse(text(item, 'job'));
  return { id: text(item, 'id'), timing, job, nextAt: new Date(number(item, 'nextAt')) };
}
