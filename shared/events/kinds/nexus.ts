// Sonatype Nexus Repository, component events of repositories in docker format.
// https://help.sonatype.com/en/working-with-hmac-payloads.html
import { optionalRecord, record, text, time } from '../fields.ts';
import type { PushAction } from '../push-event.ts';
import { MIB, type PushSource } from '../push-source.ts';
import { headerText } from '../request-header.ts';

const Body = record({
  timestamp: time,
  initiator: text,
  action: text,
  component: optionalRecord({ format: text, group: text, name: text, version: text }),
});

const ACTIONS = new Map<string | null, PushAction>([
  ['CREATED', 'push'],
  ['UPDATED', 'push'],
  ['DELETED', 'delete'],
]);

export const nexus: PushSource = {
  modes: ['hmac'],
  signature: { header: 'x-nexus-webhook-signature', algorithm: 'sha1', prefix: '' },
  maxBodyBytes: MIB,
  read: (body, headers) => {
    const { timestamp, initiator, action, component } = Body.parse(body);
    if (component?.format !== 'docker') return [];
    const { group, name, version } = component;
    return [
      {
        action: ACTIONS.get(action) ?? 'other',
        senderType: action,
        repository: group === null || name === null ? name : `${group}/${name}`,
        tag: version,
        // "admin/192.0.2.7": the address is not part of who it was
        actor: initiator?.split('/')[0] || null,
        sentAt: timestamp,
        eventId: headerText(headers, 'x-nexus-webhook-delivery'),
      },
    ];
  },
  sampleHost: 'nexus.example.com:8443',
  sample: ({ repository, tag, id, occurredAt }) => {
    const slash = repository.lastIndexOf('/');
    return {
      headers: { 'x-nexus-webhook-id': 'rm:repository:component', 'x-nexus-webhook-delivery': id },
      body: {
        timestamp: occurredAt,
        initiator: 'admin/192.0.2.7',
        repositoryName: 'docker-hosted',
        action: 'CREATED',
        component: {
          format: 'docker',
          group: repository.slice(0, Math.max(slash, 0)),
          name: repository.slice(slash + 1),
          version: tag,
        },
      },
    };
  },
};
