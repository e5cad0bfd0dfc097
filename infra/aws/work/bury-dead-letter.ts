// Keeps a message that nobody understands as a job that is dead from the start, so that it is seen where all that failed is seen. Nobody
// does jobs of this kind: one that is offered again is buried again.
import type { Json } from '../../../shared/jobs/json.ts';
import { redactText } from '../../../shared/telemetry/redact-text.ts';
import type { AwsJobStore } from '../job-store.ts';

/** The kind of these jobs. */
const DEAD_LETTER = 'dead-letter';

type Undelivered = { messageId: string; body: string; cause: string | undefined };

const LEASE_MS = 45_000;
const MOST_AT_ONCE = 100;
const MAX_BODY_BYTES = 2048;
/** What is looked at for secrets; more of it is not kept anyway. */
const MAX_READ_LENGTH = 16_384;

/** The same message again is the same job. @returns its id @throws TransshipError store-unavailable */
export async function keepDeadLetter(
  store: AwsJobStore,
  { messageId, body, cause = 'nothing understood it' }: Undelivered,
): Promise<string> {
  const payload: Json = {
    message: messageId,
    body: shownBody(body),
    cause: redactText(cause).slice(0, MAX_BODY_BYTES),
  };
  const { id } = await store.accept({ kind: DEAD_LETTER, payload, maxAttempts: 1 }, `${DEAD_LETTER}:${messageId}`);
  const claimed = await store.claimNamed(DEAD_LETTER, [{ id, again: true }], LEASE_MS);
  await bury(store, claimed);
  return id;
}

/** Those that somebody offered again, and those whose burial was interrupted. @throws TransshipError store-unavailable */
export async function buryDeadLetters(store: AwsJobStore): Promise<void> {
  await bury(store, await store.claim(DEAD_LETTER, MOST_AT_ONCE, LEASE_MS));
}

async function bury(store: AwsJobStore, claimed: Awaited<ReturnType<AwsJobStore['claim']>>): Promise<void> {
  const problem = {
    code: 'unsupported',
    message: 'a message that no function could take, and that is none of ours; its payload says why',
    hint: 'see who sends to the queues of this stack; the message itself is gone, and what it stood for has to be sent anew',
  } as const;
  for (const { lease } of claimed) await store.bury(lease, problem);
}

function shownBody(body: string): string {
  const bytes = Buffer.from(redactText(body.slice(0, MAX_READ_LENGTH))).subarray(0, MAX_BODY_BYTES);
  // the last character may have been cut
  return bytes.toString().replace(/\uFFFD+$/, '');
}
