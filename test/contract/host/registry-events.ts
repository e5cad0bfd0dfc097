// Events of Amazon ECR, as EventBridge brings them: a push is copied, and one that comes again, failed or names no tag asks for nothing more.
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask, done, jobIn, jobsOf, until } from '../../support/hosts/host-client.ts';
import { ACCOUNT, REGION } from '../../support/hosts/scene.ts';
import type { HostBed } from './host-bed.ts';

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
      const digest = await scene.push('team/pushed', ['v1'], { server: scene.ecr });
      const event = imageAction({ 'repository-name': 'team/pushed', 'image-tag': 'v1', 'image-digest': digest });
      await Promise.all([host.deliver(event), host.deliver(event)]);
      const job = await until(async () => (await copies('ecr/pushed'))[0]);
      await done(host, job.id);
      expect(await scene.mirrored('ecr/pushed', 'v1')).toBe(digest);
      await host.deliver(event);
      await until(async () => (await received())[0]?.isRepeated === true);
      expect(await copies('ecr/pushed')).toHaveLength(1);
    });

    it('is not needed for a sweep, which lists what there is', async () => {
      const { host, scene } = bed();
      const digest = await scene.push('team/pushed', ['v1', 'v2'], { server: scene.ecr });
      const body = { source: `${scene.ecrHost}/team/pushed:v2`, rule: 'ecr', dryRun: true };
      expect(await ask(host, '/v1/mirrors', { body })).toMatchObject({ status: 200, json: { source: { digest } } });
      await done(host, jobIn(await ask(host, '/v1/rules/ecr/sync', { method: 'POST' })));
      const mirrored = () => scene.mirrored('ecr/pushed', 'v2');
      await expect.poll(mirrored, { timeout: 55_000 }).toBe(digest);
    });

    it.each<[string, object, { isKeptBack?: true }]>([
      ['that failed', { 'image-tag': 'v1', result: 'FAILURE' }, { isKeptBack: true }],
      ['of a deletion', { 'image-tag': 'v1', 'action-type': 'DELETE' }, { isKeptBack: true }],
      ['without a tag', {}, {}],
    ])('%s asks for nothing, and is written down where it comes', async (title, detail, { isKeptBack }) => {
      const { host, subject } = bed();
      const repository = `team/idle-${title.replaceAll(' ', '-')}`;
      await host.deliver(imageAction({ 'repository-name': repository, ...detail }));
      const told = async (): Promise<unknown> =>
        (await received()).find(({ event }: { event: { repository: string } }) => event.repository === repository);
      const isAwaited = subject.has.wholeBus || isKeptBack === undefined;
      const expected = { jobIds: [], event: { relevant: false } };
      expect(isAwaited ? await until(told) : ((await told()) ?? expected)).toMatchObject(expected);
    });
  });
}
