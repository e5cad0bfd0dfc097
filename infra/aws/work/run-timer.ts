// What the clock triggers: one timer per call. Each may be called twice, late, or side by side with another one; schedules fire once.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
import * as z from 'zod';
import { TransshipError } from '../../../shared/errors.ts';
import { fireDue } from '../../../shared/jobs/fire-due.ts';
import type { IntakeDeps } from '../host/aws-host.ts';
import { keepCredentials } from './timers/credentials.ts';
import { keepGrants } from './timers/grants.ts';
import { keepMirrors } from './timers/mirrors.ts';
import { keepStore } from './timers/upkeep.ts';

const timerCall = z.object({ timer: z.enum(['upkeep', 'mirrors', 'credentials', 'grants']) });

type TimerName = z.infer<typeof timerCall>['timer'];

/** Undefined for what is no call of a timer. */
export function readTimer(event: unknown): TimerName | undefined {
  return timerCall.safeParse(event).data?.timer;
}

/**
 * Resolves when everything of it is durable.
 * @param remainingMs of the invocation
 * @throws TransshipError store-unavailable: it shall be called again; unsupported for a timer that nobody knows
 */
export async function runTimer(
  event: unknown,
  { deps, random, remainingMs }: { deps: IntakeDeps; random: () => number; remainingMs: number },
): Promise<void> {
  const timer = readTimer(event);
  if (timer === undefined) {
    throw new TransshipError('unsupported', 'what called the timers names none of them', {
      hint: 'call them with {"timer":"upkeep"}, or mirrors, credentials, grants',
    });
  }
  deps.logger.debug('timer', { timer });
  if (timer === 'upkeep') await keepStore(deps, random, remainingMs);
  else {
    await KEPT[timer](deps);
    // what was just scheduled may be due at once
    await fireDue(deps.jobs, deps.clock, random);
  }
  // last: an alarm rings where nobody tells it
  deps.metrics.count('transship_timer_runs_total', { timer });
}

const KEPT = { mirrors: keepMirrors, credentials: keepCredentials, grants: keepGrants } as const;
