// Gitea and Forgejo, package events of container packages. They send GitHub's headers too, which are not looked at.
// https://docs.gitea.com/usage/webhooks
import { record, text } from '../fields.ts';
import { splitImageName } from '../image-name.ts';
import { digestOrNull } from '../names.ts';
import type { PushAction } from '../push-event.ts';
import { MIB, type PushSource } from '../push-source.ts';
import { headerText } from '../request-header.ts';

const Body = record({
  action: text,
  package: record({ type: text, name: text, version: text, html_url: text, owner: record({ login: text }) }),
  sender: record({ login: text }),
});

const ACTIONS = new Map<string | null, PushAction>([
  ['created', 'push'],
  ['deleted', 'delete'],
]);

export const gitea: PushSource = {
  modes: ['hmac'],
  signature: { header: 'x-gitea-signature', algorithm: 'sha256', prefix: '' },
  maxBodyBytes: MIB,
  read: (body, headers) => {
    const { action, package: sent, sender } = Body.parse(body);
    if (sent.type !== 'container') return [];
    const { owner, name, version } = sent;
    return [
      {
        action: ACTIONS.get(action) ?? 'other',
        senderType: action,
        host: splitImageName(sent.html_url).host,
        repository: owner.login === null || name === null ? null : `${owner.login}/${name}`,
        tag: version,
        digest: digestOrNull(version),
        actor: sender.login,
        eventId: headerText(headers, 'x-gitea-delivery'),
      },
    ];
  },
  sampleHost: 'gitea.example.com',
  sample: ({ host, repository, tag, id }) => {
    const [login = '', ...rest] = repository.split('/');
    const name = rest.join('/');
    return {
      headers: { 'x-gitea-event': 'package', 'x-gitea-delivery': id },
      body: {
        action: 'created',
        package: {
          owner: { login },
          type: 'container',
          name,
          version: tag,
          html_url: `https://${host}/${login}/-/packages/container/${encodeURIComponent(name)}/${tag}`,
        },
        sender: { login },
      },
    };
  },
};
