// What is special about being called by AWS: batches of which one message is poison, and events that no edge could deliver.
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HostBed } from '../../contract/host/host-bed.ts';
import { ask, done, endOf, jobsOf, until } from '../../support/hosts/host-client.ts';
import type { LambdaHost } from '../../support/hosts/lambda-host.ts';
import { ACCOUNT, REGION } from '../../support/hosts/scene.ts';

export function describeDeliveries(bed: () => HostBed, lambda: () => LambdaHost): void {
  describe('a batch of messages', () => {
    it('with one that is poison gives back only that one', async () => {
      const { host } = bed();
      const { stack } = lambda();
      const order = { cluster: 'test', namespace: 'team-event', force: true };
      const asked = await ask(host, '/v1/credentials/refresh', { body: order });
      const [{ id }] = asked.json.jobs;
      const record = (messageId: string, body: string) => ({ messageId, body, messageAttributes: {} });
      const Records = [
        record('poison', '{"jobId":'),
        record('good', JSON.stringify({ jobId: id, kind: 'credentials' })),
      ];
      const { payload, error } = await stack.invoke('refresh-credentials', { Records });
      expect([error, payload]).toEqual([undefined, { batchItemFailures: [{ itemIdentifier: 'poison' }] }]);
      await done(host, id);
    });

    it('that nobody understands ends as a dead job, which can be looked at', async () => {
      const { host, scene } = bed();
      const { stack } = lambda();
      const credentials = { accessKeyId: 'somebody', secretAccessKey: 'else' };
      const sqs = new SQSClient({ region: REGION, endpoint: scene.moto.url, credentials });
      const QueueUrl = stack.resources.get('WorkerDeadLetters')?.ref.replace(/^https?:\/\/[^/]+/, scene.moto.url);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison of the tests' }));
      sqs.destroy();
      const job = await until(async () => (await jobsOf(host, 'dead-letter'))[0]);
      expect(await endOf(host, job.id)).toMatchObject({ state: 'DEAD', payload: { body: 'poison of the tests' } });
    });
  });

  describe('an event that nobody could deliver', () => {
    it('is taken out of the dead letters, and its image is copied', async () => {
      const { host, scene } = bed();
      const { stack } = lambda();
      const digest = await scene.push('team/late', ['v1'], { server: scene.ecr });
      const detail = { result: 'SUCCESS', 'action-type': 'PUSH', 'repository-name': 'team/late', 'image-tag': 'v1' };
      stack.refuse('ecr-push', true);
      const [first] = await stack.putEvents([
        {
          id: randomUUID(),
          source: 'aws.ecr',
          'detail-type': 'ECR Image Action',
          account: ACCOUNT,
          region: REGION,
          detail: { ...detail, 'image-digest': digest },
        },
      ]);
      stack.refuse('ecr-push', false);
      expect(first).toMatchObject({ deadLettered: true });
      await until(async () => (await scene.mirrored('ecr/late', 'v1')) === digest);
      expect((await jobsOf(host, 'mirror')).filter(({ targets }) => String(targets).includes('ecr/late'))).toHaveLength(
        1,
      );
    });
  });
}
