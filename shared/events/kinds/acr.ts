// Azure Container Registry's own webhooks.
// https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference
import { record, text, time } from '../fields.ts';
import type { PushAction, PushObject } from '../push-event.ts';
import { MIB, type PushSource, type SampleFacts, type SentEvent } from '../push-source.ts';

const Notification = record({
  id: text,
  timestamp: time,
  action: text,
  target: record({ mediaType: text, digest: text, repository: text, tag: text }),
  request: record({ host: text }),
});

const ACTIONS = new Map<string, { action: PushAction; object: PushObject }>([
  ['push', { action: 'push', object: 'manifest' }],
  ['delete', { action: 'delete', object: 'manifest' }],
  ['quarantine', { action: 'quarantine', object: 'manifest' }],
  ['chart_push', { action: 'push', object: 'chart' }],
  ['chart_delete', { action: 'delete', object: 'chart' }],
]);

export const acr: PushSource = {
  modes: ['header', 'path'],
  header: 'x-transship-token',
  maxBodyBytes: MIB,
  read: (body) => readNotification(body),
  sampleHost: 'team.azurecr.io',
  sample: (facts) => ({ body: sampleNotification(facts) }),
};

/** The one event of a notification; none where no action is named. */
export function readNotification(body: unknown): SentEvent[] {
  const { id, timestamp, action, target, request } = Notification.parse(body);
  if (action === null) return [];
  const sent = { senderType: action, sentAt: timestamp, eventId: id };
  if (action === 'ping') return [{ ...sent, action, object: 'unknown' }];
  const known = ACTIONS.get(action) ?? { action: 'other' };
  return [{ ...sent, ...known, ...target, host: request.host }];
}

export function sampleNotification({ host, repository, tag, digest, id, occurredAt }: SampleFacts): unknown {
  return {
    id,
    timestamp: occurredAt,
    action: 'push',
    target: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, repository, tag },
    request: { id, host, method: 'PUT' },
  };
}
