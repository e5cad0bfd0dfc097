// The schedules of the distribution of credentials: a look at each cluster now and then, which finds what events and watches lost, and the
// times at which rules want everything issued anew.
import type { Config } from '../../shared/config/config.ts';
import type { Clock } from '../../shared/jobs/clock.ts';
import type { JobStore } from '../../shared/jobs/job-store.ts';
import { nextTime } from '../../shared/jobs/next-time.ts';
import { firingKey, type Schedule } from '../../shared/jobs/schedule.ts';
import { credentialsJob, credentialsPayload } from '../job-kinds/credentials-job.ts';

const PREFIX = 'credentials:';
const RESYNC_MS = 10 * 60_000;

type Rules = Pick<Config, 'credentials'>;

/** The clusters that rules name. */
export function distributedClusters({ credentials }: Rules): string[] {
  return [...new Set(credentials.flatMap(({ clusters }) => clusters))];
}

/** Who starts asks for a look at each cluster beside these: the first one of an interval comes at its end. */
export function planCredentialSchedules(config: Rules, now: Date): Schedule[] {
  const looks = distributedClusters(config).map((cluster) => ({
    id: `${PREFIX}${cluster}`,
    timing: { everyMs: RESYNC_MS },
    job: credentialsJob({ cluster, trigger: 'schedule' }),
    nextAt: new Date(now.getTime() + RESYNC_MS),
  }));
  const forced = config.credentials.flatMap(({ name: rule, clusters, schedule }) => {
    if (schedule === undefined) return [];
    return clusters.map((cluster) => ({
      id: `${PREFIX}${cluster}#${rule}`,
      timing: schedule,
      job: credentialsJob({ cluster, rule, trigger: 'schedule', force: true }),
      nextAt: nextTime(schedule, now, now),
    }));
  });
  return [...looks, ...forced];
}

/**
 * Brings the schedules of the store in line with the rules; an unchanged timing keeps its next time. A cluster that the last rule has left
 * is looked at once more: what it said `prune` to goes from there.
 * @throws TransshipError store-unavailable, invalid-config for a cron expression that never comes
 */
export async function saveCredentialSchedules(
  store: Pick<JobStore, 'accept' | 'schedule' | 'unschedule' | 'schedules'>,
  config: Rules,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const wanted = planCredentialSchedules(config, clock.now());
  const ids = new Set(wanted.map(({ id }) => id));
  const looked = new Set(distributedClusters(config));
  const gone = (await store.schedules()).filter(({ id }) => id.startsWith(PREFIX) && !ids.has(id));
  // by the time that is next for it: whoever takes the same change over asks for the same look
  const left = new Map(
    gone.flatMap((schedule): [string, string][] => {
      const { cluster } = credentialsPayload.safeParse(schedule.job.payload).data ?? {};
      return cluster === undefined || looked.has(cluster) ? [] : [[cluster, `left:${firingKey(schedule)}`]];
    }),
  );
  // first: where the process dies in between, the schedule still tells of it
  const asked = [...left].map(([cluster, key]) => store.accept(credentialsJob({ cluster, trigger: 'config' }), key));
  await Promise.all(asked);
  await Promise.all([...gone.map(({ id }) => store.unschedule(id)), ...wanted.map((one) => store.schedule(one))]);
}
