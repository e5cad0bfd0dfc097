// What makes work durable, on the tables of a function.
import { awsGrantStore } from '../records/grant-store.ts';
import { recordMarks } from '../records/marks.ts';
import { awsPushLog } from '../records/push-log.ts';
import { recordTable } from '../records/record-table.ts';
import type { IntakeDeps } from './aws-host.ts';
import type { Core } from './open-core.ts';

export function intakeDeps<Prepared>(core: Core<Prepared>): IntakeDeps {
  const { clock, logger, metrics, jobs, dynamo, settings } = core;
  const records = { dynamo, tableName: settings.recordsTable, clock };
  return {
    clock,
    logger,
    metrics,
    jobs,
    pushes: awsPushLog({ ...records, jobsTableName: settings.jobsTable }),
    grants: awsGrantStore({
      ...records,
      onSummaryFailed: (error) => logger.warn('the summary of the journal of grants was not renewed', { err: error }),
    }),
    marks: recordMarks(recordTable(records)),
    config: () => core.current().loaded.config,
  };
}
