// Azure Container Registry through Event Grid, in Event Grid's schema and in that of CloudEvents, and its handshake.
// https://learn.microsoft.com/azure/event-grid/event-schema-container-registry
import type * as z from 'zod';
import { anything, entriesOf, isRecord, record, text, time } from '../fields.ts';
import { MIB, type PushSource, type SentEvent } from '../push-source.ts';
import { readNotification, sampleNotification } from './acr.ts';

const Envelope = record({ id: text, eventType: text, type: text, eventTime: time, data: anything });
const Validation = record({ validationCode: text });

const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent';
const PUSH_TYPE = /^(?:Microsoft\.ContainerRegistry\.)?(?:Image|Chart)(?:Pushed|Deleted)$/;

export const acrEventGrid: PushSource = {
  modes: ['entra', 'header', 'path'],
  header: 'x-transship-token',
  maxBodyBytes: 2 * MIB,
  read: (body) => (isRecord(body) ? [body] : entriesOf(body)).flatMap((entry) => readEnvelope(Envelope.parse(entry))),
  sampleHost: 'team.azurecr.io',
  sample: (facts) => ({
    headers: { 'aeg-event-type': 'Notification' },
    body: [
      {
        id: facts.id,
        subject: `${facts.repository}:${facts.tag}`,
        eventType: 'Microsoft.ContainerRegistry.ImagePushed',
        eventTime: facts.occurredAt,
        data: sampleNotification(facts),
      },
    ],
  }),
};

function readEnvelope({ id, eventType, type, eventTime, data }: z.infer<typeof Envelope>): SentEvent[] {
  const senderType = eventType ?? type;
  if (senderType === VALIDATION) {
    const { validationCode: challenge } = Validation.parse(data);
    const handshake = { action: 'handshake', object: 'unknown', senderType, sentAt: eventTime, eventId: id } as const;
    // validationUrl, the other way to answer, is not called
    return challenge === null ? [] : [{ ...handshake, challenge }];
  }
  if (senderType === null || !PUSH_TYPE.test(senderType)) return [];
  return readNotification(data).map((sent) => ({ ...sent, senderType, eventId: id }));
}
