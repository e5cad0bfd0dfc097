// Chainguard's registry: CloudEvents in HTTP's binary form, signed by nobody but carried by a token.
// https://edu.chainguard.dev/chainguard/administration/cloudevents/events-reference/
import { readCloudEvents } from '../cloud-event.ts';
import { record, text, time } from '../fields.ts';
import type { PushAction, PushObject } from '../push-event.ts';
import { MIB, type PushSource, type SentTime } from '../push-source.ts';

const Data = record({
  actor: record({ subject: text }),
  body: record({ repository: text, tag: text, digest: text, type: text, when: time }),
});

const ACTIONS = new Map<string, PushAction>([
  ['dev.chainguard.registry.push.v1', 'push'],
  ['dev.chainguard.registry.pull.v1', 'pull'],
]);
const OBJECTS = new Map<string | null, PushObject>([
  ['manifest', 'manifest'],
  ['blob', 'blob'],
  ['tag', 'tag'],
]);

export const chainguard: PushSource = {
  modes: ['chainguard-oidc'],
  maxBodyBytes: MIB,
  read: (body, headers) =>
    readCloudEvents(body, headers).flatMap(({ type, source, id, data }) => {
      const action = ACTIONS.get(type);
      if (action === undefined) return [];
      const sent = Data.parse(data);
      return [
        {
          action,
          object: OBJECTS.get(sent.body.type) ?? 'unknown',
          senderType: type,
          host: source,
          repository: sent.body.repository,
          tag: sent.body.tag,
          digest: sent.body.digest,
          actor: sent.actor.subject,
          sentAt: inUtc(sent.body.when),
          eventId: id,
        },
      ];
    }),
  sampleHost: 'cgr.dev',
  sample: ({ host, repository, tag, digest, id, occurredAt }) => ({
    headers: {
      'ce-specversion': '1.0',
      'ce-type': 'dev.chainguard.registry.push.v1',
      'ce-source': host,
      'ce-id': id,
    },
    body: {
      actor: { subject: 'team' },
      body: { repository, tag, digest, method: 'PUT', type: 'manifest', when: occurredAt.replace('Z', '') },
    },
  }),
};

/** `when` is written without a zone and meant in UTC. */
function inUtc(when: SentTime): SentTime {
  return typeof when === 'string' && /T[\d:.]+$/.test(when) ? `${when}Z` : when;
}
