// An event of ECR as EventBridge brings it: read by every receiver that listens to its registry, and made durable. Which registry that is,
// the account and the region of the event say, which nobody but AWS can set.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
import * as z from 'zod';
import { acceptPushes } from '../../../functions/registry-push.ts';
import { platformReceivers } from '../../../functions/registry-push/platform-receivers.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { ecrHost } from '../../../shared/events/ecr-host.ts';
import { readPush } from '../../../shared/events/index.ts';
import type { IntakeDeps } from '../host/aws-host.ts';

const envelope = z.object({
  source: z.literal('aws.ecr'),
  'detail-type': z.string(),
  account: z.string(),
  region: z.string(),
  id: z.string().optional(),
});

type EcrEvent = z.infer<typeof envelope>;

/** Undefined for what is no event of ECR. */
export function readEcrEvent(event: unknown): EcrEvent | undefined {
  return envelope.safeParse(event).data;
}

/**
 * Resolves to the ids of its jobs when they are durable; none for an event that nobody listens to. The same event again makes no second job.
 * @throws TransshipError store-unavailable: it shall come again; unsupported for what is no event of ECR
 */
export async function acceptEcr(event: unknown, deps: IntakeDeps): Promise<string[]> {
  const { logger, metrics, config } = deps;
  const read = readEcrEvent(event);
  if (read === undefined) {
    throw new TransshipError('unsupported', 'what the event bus brought is no event of ECR', {
      hint: 'the rule must give the whole event to the function, without an input transformer, and match the source aws.ecr only',
    });
  }
  const host = ecrHost(read.account, read.region);
  const receivers = host === null ? [] : platformReceivers(config(), 'ecr', host);
  if (receivers.length === 0) {
    metrics.count('transship_events_rejected_total', { source: 'ecr', reason: 'no-receiver' });
    logger.info('an event of a registry that no receiver listens to', {
      registry: host ?? undefined,
      account: read.account,
      region: read.region,
      type: read['detail-type'],
      sender_event_id: read.id,
    });
    return [];
  }
  const rawBody = Buffer.from(JSON.stringify(event));
  const events = receivers.flatMap((receiver) => readPush('ecr', { headers: {}, rawBody }, receiver));
  return (await acceptPushes(events, deps)).jobIds;
}
