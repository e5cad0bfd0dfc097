// CNCF distribution, and all that is built on it: one envelope with an event for every call of the API.
// https://distribution.github.io/distribution/about/notifications/
import { record, records, text, time } from '../fields.ts';
import type { PushAction, PushObject } from '../push-event.ts';
import { MIB, type PushSource } from '../push-source.ts';

const Envelope = record({
  events: records({
    id: text,
    timestamp: time,
    action: text,
    // not read: target.url and source.addr, which the client of the registry has a say in
    target: record({ repository: text, tag: text, digest: text, mediaType: text }),
    request: record({ host: text }),
    actor: record({ name: text }),
  }),
});

const ACTIONS = new Map<string | null, PushAction>([
  ['push', 'push'],
  ['pull', 'pull'],
  ['delete', 'delete'],
  ['mount', 'mount'],
]);

export const distribution: PushSource = {
  modes: ['header'],
  header: 'authorization',
  maxBodyBytes: MIB,
  read: (body) =>
    Envelope.parse(body).events.map(({ id, timestamp, action, target, request, actor }) => ({
      ...target,
      action: ACTIONS.get(action) ?? 'other',
      object: objectOf(target.mediaType),
      senderType: action,
      host: request.host,
      actor: actor.name,
      sentAt: timestamp,
      eventId: id,
    })),
  sampleHost: 'registry.example.com:5000',
  sample: ({ host, repository, tag, digest, id, occurredAt }) => ({
    headers: { 'content-type': 'application/vnd.docker.distribution.events.v2+json' },
    body: {
      events: [
        {
          id,
          timestamp: occurredAt,
          action: 'push',
          target: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, repository, tag },
          request: { id, host, method: 'PUT' },
          actor: {},
        },
      ],
    },
  }),
};

/** Blobs are reported too; deletes come without a media type. */
function objectOf(mediaType: string | null): PushObject {
  if (mediaType === null) return 'unknown';
  return /manifest|image\.index/i.test(mediaType) ? 'manifest' : 'blob';
}
