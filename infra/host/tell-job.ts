// What the log and the metrics say of the jobs of this process as they begin and end.
import type { RunEnd } from '../../shared/jobs/run-job.ts';
import type { Job } from '../../shared/jobs/job.ts';
import type { Logger } from '../../shared/telemetry/logger.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';

export type JobTeller = {
  started: (job: Job) => void;
  ended: (job: Job, end: RunEnd & { durationMs: number }) => void;
};

/** @param functionOf the name of the function that does a kind of job */
export function jobTeller(logger: Logger, metrics: Metrics, functionOf: (kind: string) => string): JobTeller {
  const fieldsOf = (job: Job) => ({
    job_id: job.id,
    function: functionOf(job.kind),
    attempt: job.attempts,
    fence: job.fence,
  });
  return {
    started(job) {
      metrics.count('transship_job_attempts_total', { function: functionOf(job.kind) });
      logger.debug('job started', fieldsOf(job));
    },
    ended(job, { state, problem, durationMs }) {
      const name = functionOf(job.kind);
      metrics.observe('transship_job_duration_seconds', { function: name, outcome: state }, durationMs / 1000);
      if (state === 'lost') metrics.count('transship_fence_rejected_total', { function: name });
      const fields = {
        ...fieldsOf(job),
        duration_ms: durationMs,
        ...(problem === undefined ? {} : { err: problem }),
      };
      tell(logger, state, problem !== undefined, fields);
    },
  };
}

function tell(logger: Logger, state: RunEnd['state'], hasFailed: boolean, fields: Record<string, unknown>): void {
  if (state === 'DONE') return logger.info('job done', fields);
  if (state === 'DEAD') return logger.error('job given up', fields);
  if (state === 'lost') return logger.warn('job lost to another worker', fields);
  if (state === 'READY' && hasFailed) return logger.warn('job will be tried again', fields);
  return logger.info(state === 'READY' ? 'job goes on later' : 'job ended', { ...fields, state });
}
