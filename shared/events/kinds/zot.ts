// zot: CloudEvents in HTTP's binary form, with the whole manifest in the body, which is not read.
// https://zotregistry.dev/v2.1.18/articles/events
import { readCloudEvents } from '../cloud-event.ts';
import { record, text } from '../fields.ts';
import { digestOrNull } from '../names.ts';
import type { PushAction, PushObject } from '../push-event.ts';
import { MIB, type PushSource } from '../push-source.ts';

const Data = record({ name: text, reference: text, digest: text, mediaType: text, actor: record({ name: text }) });

const TYPES = new Map<string, { action: PushAction; object?: PushObject }>([
  ['zotregistry.image.updated', { action: 'push' }],
  ['zotregistry.image.deleted', { action: 'delete' }],
  ['zotregistry.image.scanned', { action: 'scan' }],
  ['zotregistry.repository.created', { action: 'other', object: 'repository' }],
]);

export const zot: PushSource = {
  modes: ['header'],
  header: 'authorization',
  maxBodyBytes: 5 * MIB,
  read: (body, headers) =>
    readCloudEvents(body, headers)
      .filter(({ type }) => type.startsWith('zotregistry.'))
      .map(({ type, id, time, data }) => {
        const { name, reference, digest, mediaType, actor } = Data.parse(data);
        return {
          ...(TYPES.get(type) ?? { action: 'other' }),
          senderType: type,
          repository: name,
          tag: reference,
          digest: digest ?? digestOrNull(reference),
          mediaType,
          actor: actor.name,
          sentAt: time,
          eventId: id,
        };
      }),
  sampleHost: 'zot.example.com:5000',
  sample: ({ repository, tag, digest, id, occurredAt }) => ({
    headers: {
      'ce-specversion': '1.0',
      'ce-type': 'zotregistry.image.updated',
      'ce-source': 'zotregistry.dev',
      'ce-id': id,
      'ce-time': occurredAt,
    },
    body: {
      name: repository,
      reference: tag,
      digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      actor: { name: 'team' },
    },
  }),
};
