// Where messages of the outbox go. Nobody is to be told yet but who reads the log.
import type { Deliver } from '../../shared/jobs/relay-outbox.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';

export function messageTeller(logger: Logger): Deliver {
  return async ({ id, jobId, type }) => logger.info('message', { event_id: id, job_id: jobId, type });
}
