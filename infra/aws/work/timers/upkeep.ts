// The minute's upkeep: leases of killed workers are freed and forgotten jobs told of again, schedules fire, what ended long ago goes,
// messages leave the outbox, and the figures that alarms look at are told.
import { refreshGauges } from '../../../host/refresh-gauges.ts';
import { messageTeller } from '../../../host/tell-messages.ts';
import type { JobStore } from '../../../../shared/jobs/job-store.ts';
import { relayOutbox } from '../../../../shared/jobs/relay-outbox.ts';
import { upkeep } from '../../../../shared/jobs/upkeep.ts';
import type { IntakeDeps } from '../../host/aws-host.ts';
import { buryDeadLetters } from '../bury-dead-letter.ts';

type Kept = Pick<JobStore, 'purge'>;

/** A full one: there may be more. */
const MESSAGES = 100;

/**
 * Ends in time: what is left of long work, the next minute does.
 * @throws TransshipError store-unavailable
 */
export async function keepStore(deps: IntakeDeps, random: () => number, remainingMs: number): Promise<void> {
  const { jobs, pushes, clock, logger, metrics } = deps;
  const until = clock.now().getTime() + remainingMs / 2;
  const isTimeLeft = (): boolean => clock.now().getTime() < until;
  const inTime = (kept: Kept): Kept => ({
    purge: async (before, limit) => (isTimeLeft() ? kept.purge(before, limit) : 0),
  });

  const { freed, fired, purged } = await upkeep({ ...jobs, ...inTime(jobs) }, clock, random, [inTime(pushes)]);
  if (freed > 0) metrics.count('transship_lease_expired_total', {}, freed);
  if (freed + fired + purged > 0) logger.info('the store was kept', { freed, fired, purged });
  await buryDeadLetters(jobs);
  const deliver = messageTeller(logger);
  while ((await relayOutbox(jobs, deliver, clock, random)) === MESSAGES && isTimeLeft());
  await refreshGauges(metrics, { jobs, oldestDue: jobs.oldestDue }, clock.now());
}
