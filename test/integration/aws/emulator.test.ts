// The emulator of Lambda and its triggers does what AWS documents, as far as tests of ours lean on it.
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { SAMPLE_TEMPLATE, sampleBundles } from '../../support/aws/sample-stack.ts';
import { startAwsStack, type AwsStack } from '../../support/aws/stack.ts';
import { startMoto, type Moto } from '../../support/moto.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

// without moto there are no queues
describe.skipIf(isMissing('moto'))('the emulator of Lambda', () => {
  let moto: Moto;
  let bundles: ReturnType<typeof sampleBundles>;
  let stack: AwsStack;
  let sqs: SQSClient;
  const urlOf = (id: string) => stack.resources.get(id)?.ref ?? '';

  beforeAll(async () => {
    moto = await startMoto(requireComponent('moto'));
    bundles = sampleBundles();
    stack = await startAwsStack({
      template: SAMPLE_TEMPLATE,
      bundles: bundles.folder,
      moto,
      timeoutMs: () => 1_500,
      visibilitySeconds: 1,
    });
    sqs = new SQSClient({
      region: 'eu-west-1',
      endpoint: moto.url,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
  });
  afterAll(async () => {
    sqs.destroy();
    await stack.stop();
    bundles[Symbol.dispose]();
    await moto[Symbol.asyncDispose]();
  });

  async function deadLetters(): Promise<string[]> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: urlOf('Dead'), MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    return Messages.map(({ Body = '' }) => Body);
  }

  it('runs a function with the environment of the template, and keeps its process for the next event', async () => {
    const cold = await stack.invoke('sample', {});
    const warm = await stack.invoke('sample', {});
    expect(cold).toMatchObject({ isCold: true, payload: { seen: 1 } });
    expect(warm).toMatchObject({ isCold: false, payload: { seen: 2 } });
    const { env, cwd } = cold.payload as { env: Record<string, string>; cwd: string };
    expect(cwd).toMatch(/transship-task-/);
    expect(env).toMatchObject({
      TABLE: expect.stringMatching(/Table/),
      QUEUE: expect.stringMatching(/sample-dev-work$/),
      KEY: expect.stringMatching(/^arn:aws:secretsmanager:/),
      PLACE: '123456789012/eu-west-1',
      AWS_LAMBDA_FUNCTION_NAME: 'sample-dev',
    });
    expect(env).not.toHaveProperty('ONLY_IN_PROD');
    expect(env).not.toHaveProperty('HOME');
  });

  it('stops the process between two events, so that work left running does not go on', async () => {
    await stack.coldStart('sample');
    await stack.invoke('sample', { background: true });
    const before = stack.logs('sample').length;
    // what does not happen has no end to wait for: many times what the sample leaves between two lines
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(stack.logs('sample')).toHaveLength(before);
    await stack.coldStart('sample');
  });

  it.each([
    ['throws', { fail: true }, { errorType: 'TypeError', errorMessage: 'asked to fail' }],
    ['ends its process', { exit: true }, { errorType: 'Runtime.ExitError' }],
    ['takes too long', { hang: true }, { errorType: 'Sandbox.Timedout' }],
  ])('tells the error of a function that %s', async (_, event, error) => {
    expect((await stack.invoke('sample', event)).error).toMatchObject(error);
  });

  it('kills a process in the middle of an event', async () => {
    const invoked = stack.invoke('sample', { hang: true });
    await expect.poll(() => stack.logs('sample').at(-1)).toContain('hang');
    expect(await stack.kill('sample')).toBe(1);
    expect((await invoked).error?.errorType).toBe('Runtime.ExitError');
  });

  it('hands requests over as payload format 2.0 and answers with what the function says', async () => {
    const response = await fetch(`${stack.apiUrl}/hooks/a%20b?x=1&x=%20`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream', Cookie: 'c=1; d=2' },
      body: new Uint8Array([255, 0]),
    });
    expect([response.status, response.headers.getSetCookie()]).toEqual([201, ['a=1', 'b=2']]);
    const event = (await response.json()) as APIGatewayProxyEventV2;
    expect(event).toMatchObject({
      routeKey: 'POST /hooks/{proxy+}',
      rawPath: '/hooks/a b',
      rawQueryString: 'x=1&x=%20',
      queryStringParameters: { x: '1, ' },
      pathParameters: { proxy: 'a b' },
      cookies: ['c=1', 'd=2'],
      body: '/wA=',
      isBase64Encoded: true,
    });
    expect((await fetch(`${stack.apiUrl}/elsewhere`)).status).toBe(404);
  });

  it('deletes the messages that were not reported as failed, and lets the queue bury the others', async () => {
    for (const MessageBody of ['{"good":1}', '{"poison":true}']) {
      await sqs.send(new SendMessageCommand({ QueueUrl: urlOf('Work'), MessageBody }));
    }
    await expect.poll(deadLetters, { timeout: 15_000 }).toEqual(['{"poison":true}']);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: urlOf('Work'), AttributeNames: ['All'] }),
    );
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
  });

  it('hands events to the targets of rules that match, tries again, and tells the destination of failures', async () => {
    const push = { source: 'aws.ecr', 'detail-type': 'ECR Image Action' };
    expect(await stack.putEvents([{ ...push, detail: { 'action-type': 'DELETE' } }])).toEqual([]);
    const [delivered] = await stack.putEvents([{ ...push, detail: { 'action-type': 'PUSH', fail: true } }]);
    expect(delivered).toMatchObject({ deadLettered: true, results: [{ error: {} }, { error: {} }] });
    expect(await stack.fire('upkeep')).toMatchObject({ deadLettered: false, results: [{ payload: {} }] });
    stack.refuse('sample', true);
    const [lost] = await stack.putEvents([{ ...push, detail: { 'action-type': 'PUSH' } }]);
    stack.refuse('sample', false);
    expect(lost).toMatchObject({ deadLettered: true, results: [] });
    const bodies = (await deadLetters()).map((body) => JSON.parse(body) as Record<string, unknown>);
    expect(bodies).toContainEqual(
      expect.objectContaining({ responsePayload: expect.objectContaining({ errorType: 'TypeError' }) }),
    );
  });
});
