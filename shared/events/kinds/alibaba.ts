// Alibaba Cloud Container Registry: one tag, its digest, and a time without a zone.
// https://www.alibabacloud.com/help/doc-detail/60949.htm
import { optionalRecord, record, text, time } from '../fields.ts';
import { MIB, type PushSource } from '../push-source.ts';

const Body = record({
  push_data: optionalRecord({ digest: text, pushed_at: time, tag: text }),
  repository: record({ repo_full_name: text }),
});

export const alibaba: PushSource = {
  modes: ['path'],
  maxBodyBytes: MIB,
  read: (body) => {
    const { push_data: push, repository } = Body.parse(body);
    if (push === null) return [];
    return [
      {
        action: 'push',
        senderType: null,
        repository: repository.repo_full_name,
        tag: push.tag,
        digest: push.digest,
        sentAt: push.pushed_at,
      },
    ];
  },
  sampleHost: 'registry.cn-hangzhou.aliyuncs.com',
  sample: ({ repository, tag, digest, occurredAt }) => ({
    body: {
      push_data: { digest, pushed_at: occurredAt.slice(0, 19).replace('T', ' '), tag },
      repository: { repo_full_name: repository, region: 'cn-hangzhou' },
    },
  }),
};
