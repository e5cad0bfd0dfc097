// Carries messages from the outbox to whoever is to be told, at least once: a receiver knows a repeated message by its id.
import { isTransshipError } from '../errors.ts';
import { backoffMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { JobStore } from './job-store.ts';
import type { OutboxEntry } from './job.ts';

/** Delivers one message, or throws. */
export type Deliver = (message: OutboxEntry) => Promise<void>;

const BATCH = 100;

/** One round; a message that cannot be delivered is put off and holds up no other. Gives how many were delivered. */
export async function relayOutbox(
  store: JobStore,
  deliver: Deliver,
  clock: Clock,
  random: () => number,
): Promise<number> {
  const messages = await store.outbox(clock.now(), BATCH);
  let delivered = 0;
  for (const message of messages) {
    try {
      await deliver(message);
    } catch (error) {
      const floorMs = isTransshipError(error) ? error.retryAfterMs : undefined;
      const delayMs = backoffMs(message.attempts + 1, random, floorMs);
      await store.postpone(message.id, new Date(clock.now().getTime() + delayMs));
      continue;
    }
    await store.delivered([message.id]);
    delivered += 1;
  }
  return delivered;
}
