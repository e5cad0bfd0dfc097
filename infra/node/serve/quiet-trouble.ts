// Says that something keeps failing without saying it every second.
import { messageOf } from '../../../shared/errors.ts';
import type { Clock } from '../../../shared/jobs/clock.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';

const AGAIN_AFTER_MS = 60_000;

/** A function that tells the log of a failure, unless it told the same in the last minute. */
export function quietTrouble(logger: Logger, clock: Clock, message: string): (error: unknown) => void {
  let told = { text: '', atMs: Number.NEGATIVE_INFINITY };
  return (error) => {
    const text = messageOf(error);
    const nowMs = clock.now().getTime();
    if (text === told.text && nowMs - told.atMs < AGAIN_AFTER_MS) return;
    told = { text, atMs: nowMs };
    logger.error(message, { err: error });
  };
}
