// A question to AWS that is asked again after a moment, where it may be answered then.
import { setTimeout as sleep } from 'node:timers/promises';
import { isTransshipError } from '../../shared/errors.ts';

const TRIES = 3;
const PAUSE_MS = 200;

/** @throws what the last try threw, and at once what no other try mends */
export async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tries === TRIES || !isTransshipError(error) || !error.retryable) throw error;
      await sleep(PAUSE_MS * tries);
    }
  }
}
