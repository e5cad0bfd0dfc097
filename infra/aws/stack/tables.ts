// The two tables, as the stores describe them. They outlive the stack where the stage says so, and can be set back to any second of the
// last 35 days.
import { FORGET_AT, JOB_TABLE } from '../job-store/table.ts';
import { RECORD_TABLE } from '../records/table.ts';
import { arnOf, ref, type Fragment, type Resource } from './fragment.ts';
import { JOBS_TABLE, RECORDS_TABLE } from './names.ts';

/** Retain or Delete: serverless.yml says which by stage. */
export const DATA_POLICY = '${param:keepData}';

export const tables: Fragment = {
  Resources: {
    [JOBS_TABLE]: table(JOB_TABLE, FORGET_AT),
    [RECORDS_TABLE]: table(RECORD_TABLE),
  },
  Outputs: {
    JobsTableName: { Description: 'The table of the jobs', Value: ref(JOBS_TABLE) },
    JobsTableArn: { Description: 'The table of the jobs', Value: arnOf(JOBS_TABLE) },
    RecordsTableName: { Description: 'The table of pushes, tags, grants and API tokens', Value: ref(RECORDS_TABLE) },
  },
};

function table(shape: Readonly<Record<string, unknown>>, forgetAt?: string): Resource {
  return {
    Type: 'AWS::DynamoDB::Table',
    DeletionPolicy: DATA_POLICY,
    UpdateReplacePolicy: 'Retain',
    Properties: {
      ...shape,
      ...(forgetAt === undefined ? {} : { TimeToLiveSpecification: { AttributeName: forgetAt, Enabled: true } }),
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: '${param:protectTables}',
    },
  };
}
