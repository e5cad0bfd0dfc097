// The function that takes what the other edges could not deliver.
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { openIntake } from './host/open-intake.ts';
import { takeDeadLetters } from './work/take-dead-letters.ts';

const host = openIntake(process.env);

export const handler = ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> =>
  host.invoke(context, (deps) => takeDeadLetters(Records, deps));
