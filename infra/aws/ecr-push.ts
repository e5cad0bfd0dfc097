// The function that EventBridge tells of pushes to ECR. What it throws comes again, and is a dead letter in the end.
import type { Context } from 'aws-lambda';
import { openIntake } from './host/open-intake.ts';
import { acceptEcr } from './work/accept-ecr.ts';

const host = openIntake(process.env);

export const handler = async (event: unknown, context: Context): Promise<void> => {
  await host.invoke(context, (deps) => acceptEcr(event, deps));
};
