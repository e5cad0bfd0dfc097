// The handler of a function that does jobs of one kind, on an open host.
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { JobLimits } from '../../../functions/job-kinds/job-limits.ts';
import type { JobHandler } from '../../../shared/jobs/handler.ts';
import type { AwsHost, HostDeps } from '../host/aws-host.ts';
import { takeMessages } from './take-messages.ts';

type SqsHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

export function worker(
  { invoke }: Pick<AwsHost<HostDeps>, 'invoke'>,
  { name, kind, room }: JobLimits,
  handler: JobHandler,
): SqsHandler {
  return (event, context) =>
    invoke(context, ({ jobs: store, clock, logger, metrics }) =>
      takeMessages(
        { store, clock, random: Math.random, logger, metrics, name, kind, room, handler },
        event.Records,
        context.getRemainingTimeInMillis(),
      ),
    );
}
