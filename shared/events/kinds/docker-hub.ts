// Docker Hub: one tag of one repository, without digest, id or signature. `callback_url` is not called.
// https://docs.docker.com/docker-hub/repos/manage/webhooks/
import type * as z from 'zod';
import { optionalRecord, record, text, time } from '../fields.ts';
import { MIB, type PushSource } from '../push-source.ts';

const Repository = record({ repo_name: text, namespace: text, name: text });
const Body = record({
  push_data: optionalRecord({ tag: text, pusher: text, pushed_at: time, media_type: text }),
  repository: Repository,
});

export const dockerHub: PushSource = {
  modes: ['path'],
  maxBodyBytes: MIB,
  read: (body) => {
    const { push_data: push, repository } = Body.parse(body);
    if (push === null) return [];
    return [
      {
        action: 'push',
        senderType: null,
        host: 'docker.io',
        repository: fullName(repository),
        tag: push.tag,
        artifactType: push.media_type,
        actor: push.pusher,
        sentAt: push.pushed_at,
      },
    ];
  },
  sampleHost: 'docker.io',
  sample: ({ repository, tag, occurredAt }) => ({
    body: {
      push_data: { pushed_at: Math.trunc(Date.parse(occurredAt) / 1000), pusher: 'team', tag },
      repository: { repo_name: repository },
    },
  }),
};

function fullName({ repo_name: full, namespace, name }: z.infer<typeof Repository>): string | null {
  const path = full ?? (namespace === null || name === null ? name : `${namespace}/${name}`);
  return path === null || path.includes('/') ? path : `library/${path}`;
}
