// Google Artifact Registry, and Container Registry before it, through the Pub/Sub topic "gcr": wrapped in a message, or not.
// https://cloud.google.com/artifact-registry/docs/configure-notifications
import * as z from 'zod';
import { anyText, optionalRecord, record, text, time } from '../fields.ts';
import { splitImageName } from '../image-name.ts';
import type { PushAction } from '../push-event.ts';
import { MIB, type PushSource, type SentEvent } from '../push-source.ts';
import { parseJson } from '../read-body.ts';
import type { RequestHeaders } from '../receiver.ts';
import { headerText } from '../request-header.ts';

const Envelope = record({
  message: optionalRecord({
    // longer than other fields, and no longer than the body
    data: z.base64().max(MIB).catch(''),
    messageId: text,
    message_id: text,
    publishTime: time,
    publish_time: time,
  }),
});
const Notification = record({ action: text, digest: anyText, tag: anyText });

type Message = Pick<SentEvent, 'eventId' | 'sentAt'> & { data: unknown };

const ACTIONS = new Map<string | null, PushAction>([
  ['INSERT', 'push'],
  ['DELETE', 'delete'],
]);

export const artifactRegistry: PushSource = {
  modes: ['google-oidc', 'platform'],
  maxBodyBytes: MIB,
  untyped: true,
  read: (body, headers) => {
    const { data, ...message } = readMessage(body, headers);
    const notification = Notification.parse(data);
    const action = ACTIONS.get(notification.action);
    if (action === undefined) return [];
    const [byTag, byDigest] = [splitImageName(notification.tag), splitImageName(notification.digest)];
    return [
      {
        ...message,
        action,
        object: action === 'delete' && byDigest.digest === null ? 'tag' : 'manifest',
        senderType: notification.action,
        host: byTag.host ?? byDigest.host,
        repository: byTag.path ?? byDigest.path,
        tag: byTag.tag,
        digest: byDigest.digest,
      },
    ];
  },
  sampleHost: 'europe-docker.pkg.dev',
  sample: ({ host, repository, tag, digest, id, occurredAt }) => {
    const image = `${host}/${repository}`;
    const notification = { action: 'INSERT', digest: `${image}@${digest}`, tag: `${image}:${tag}` };
    const data = Buffer.from(JSON.stringify(notification)).toString('base64');
    return {
      body: {
        message: { data, messageId: id, publishTime: occurredAt },
        subscription: 'projects/team/subscriptions/gcr',
      },
    };
  },
};

/** A push without wrapping has the message's properties in headers: https://cloud.google.com/pubsub/docs/payload-unwrapping */
function readMessage(body: unknown, headers: RequestHeaders): Message {
  const { message } = Envelope.parse(body);
  if (message === null) {
    return {
      data: body,
      eventId: headerText(headers, 'x-goog-pubsub-message-id'),
      sentAt: headerText(headers, 'x-goog-pubsub-publish-time'),
    };
  }
  return {
    data: parseJson(Buffer.from(message.data, 'base64')),
    eventId: message.messageId ?? message.message_id,
    sentAt: message.publishTime ?? message.publish_time,
  };
}
