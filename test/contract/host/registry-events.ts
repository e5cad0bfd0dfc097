// Events of Amazon ECR, as EventBridge brings them: a push is copied, and one that comes again, failed or names no tag asks for nothing more.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask, done, jobsOf } from '../../support/hosts/host-client.ts';
import { ACCOUNT, REGION } from '../../support/hosts/scene.ts';
import { until } from '../../support/serve-process.ts';
import type { HostBed } from './host.ts';

/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html */
function imageAction(detail: Readonly<Record<string, unknown>>, id: string = randomUUID()): object {
  return {
    version: '0',
    id,
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: ACCOUNT,
    time: new Date().toISOString().replace(/\.\d+/, ''),
    region: REGION,
    resources: [],
    detail: { result: 'SUCCESS', 'action-type': 'PUSH', 'image-digest': `sha256:${'a'.repeat(64)}`, ...detail },
  };
}

export function describeRegistryEvents(bed: () => HostBed): void {
  const received = async () => (await ask(bed().host, '/v1/events?receiver=bus')).json.items;
  const copies = async (repository: string) =>
    (await jobsOf(bed().host, 'mirror')).filter(({ targets }) =>
      targets.some((one: string) => one.includes(repository)),
    );

  describe('an event of ECR', () => {
    it('of a push is copied by the login that AWS gives, once for each delivery', async () => {
      const { host, scene } = bed();
      const digest = await scene.push('team/pushed', ['v1'], scene.ecr);
      const event = imageAction({ 'repository-name': 'team/pushed', 'image-tag': 'v1', 'image-digest': digest });
      await Promise.all([host.deliver(event), host.deliver(event)]);
      const job = await until(async () => (await copies('ecr/pushed'))[0]);
      await done(host, job.id);
      expect(await scene.mirrored('ecr/pushed', 'v1')).toBe(digest);
      await host.deliver(event);
      await until(async () => (await received())[0]?.isRepeated === true);
      expect(await copies('ecr/pushed')).toHaveLength(1);
    });

    it.each([
      ['that failed', { 'image-tag': 'v1', result: 'FAILURE' }],
      ['without a tag', {}],
      ['of a deletion', { 'image-tag': 'v1', 'action-type': 'DELETE' }],
    ])('%s asks for nothing, and is written down', async (title, detail) => {
      const { host } = bed();
      const repository = `team/idle-${title.replaceAll(' ', '-')}`;
      await host.deliver(imageAction({ 'repository-name': repository, ...detail }));
      const { event, jobIds } = await until(async () =>
        (await received()).find(({ event: one }: { event: { repository: string } }) => one.repository === repository),
      );
      expect([event.relevant, jobIds]).toEqual([false, []]);
    });
  });
}
