// Tencent Container Registry sends what Harbor 1.x sends.
// https://www.tencentcloud.com/document/product/1051/37254
import { MIB, type PushSource } from '../push-source.ts';
import { readHarbor } from './harbor.ts';

export const tencent: PushSource = {
  modes: ['header', 'path'],
  header: 'x-transship-token',
  maxBodyBytes: MIB,
  read: readHarbor,
  sampleHost: 'team-bj.tencentcloudcr.com',
  sample: ({ host, repository, tag, digest, occurredAt }) => ({
    body: {
      type: 'pushImage',
      occur_at: Math.trunc(Date.parse(occurredAt) / 1000),
      event_data: {
        resources: [{ digest, tag, resource_url: `${host}/${repository}:${tag}` }],
        repository: { repo_full_name: repository, repo_type: 'private' },
      },
      operator: '100000000001',
    },
  }),
};
