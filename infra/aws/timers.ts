// The function that the clock calls, with the name of the timer. What it throws comes again.
import type { Context } from 'aws-lambda';
import { openIntake } from './host/open-intake.ts';
import { runTimer } from './work/run-timer.ts';

const host = openIntake(process.env, { tellsWarnings: true });

export const handler = (event: unknown, context: Context): Promise<void> =>
  host.invoke(context, (deps) => {
    const remainingMs = context.getRemainingTimeInMillis();
    return runTimer(event, { deps, random: Math.random, remainingMs });
  });
