// What a function reads of its environment, and what it says of one that is wrong.
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it, test, vi } from 'vitest';
import { readSettings } from '../../../infra/aws/host/settings.ts';
import { clientSettings } from '../../../infra/aws/host/client-settings.ts';

const ENV = {
  TRANSSHIP_CONFIG: 's3://bucket/folder/transship.yaml',
  TRANSSHIP_JOBS_TABLE: 'jobs',
  TRANSSHIP_RECORDS_TABLE: 'records',
  TRANSSHIP_QUEUES: '{"mirror":"https://sqs.eu-west-1.amazonaws.com/123456789012/mirror"}',
  TRANSSHIP_MASTER_KEY: 'transship-dev-master-key',
  TRANSSHIP_LOG_LEVEL: 'debug',
  TRANSSHIP_STAGE: 'prod',
  AWS_REGION: 'eu-west-1',
  AWS_LAMBDA_FUNCTION_NAME: 'transship-prod-timers',
};

describe('the settings of a function', () => {
  it('come from its environment', () => {
    expect(readSettings(ENV)).toEqual({
      config: { kind: 's3', bucket: 'bucket', key: 'folder/transship.yaml' },
      jobsTable: 'jobs',
      recordsTable: 'records',
      queues: { mirror: 'https://sqs.eu-west-1.amazonaws.com/123456789012/mirror' },
      masterKey: 'transship-dev-master-key',
      logLevel: 'debug',
      stage: 'prod',
      region: 'eu-west-1',
      functionName: 'transship-prod-timers',
    });
  });

  it('have defaults for what may be left out', () => {
    const { TRANSSHIP_CONFIG, TRANSSHIP_JOBS_TABLE, TRANSSHIP_RECORDS_TABLE, AWS_REGION } = ENV;
    const settings = readSettings({ TRANSSHIP_CONFIG, TRANSSHIP_JOBS_TABLE, TRANSSHIP_RECORDS_TABLE, AWS_REGION });
    expect(settings).toMatchObject({ queues: {}, masterKey: undefined, logLevel: 'info', stage: 'dev' });
  });

  it.each([
    ['ssm:/transship/config', { kind: 'ssm', name: '/transship/config' }],
    [
      'ssm:arn:aws:ssm:us-east-1:123456789012:parameter/transship',
      { kind: 'ssm', name: 'arn:aws:ssm:us-east-1:123456789012:parameter/transship' },
    ],
    ['/var/task/transship.yaml', { kind: 'file', path: '/var/task/transship.yaml' }],
    ['s3://b/k', { kind: 's3', bucket: 'b', key: 'k' }],
  ])('know where %s is', (TRANSSHIP_CONFIG, config) => {
    expect(readSettings({ ...ENV, TRANSSHIP_CONFIG }).config).toEqual(config);
  });

  it.each([
    [{ TRANSSHIP_CONFIG: '' }, 'TRANSSHIP_CONFIG is not set'],
    [{ TRANSSHIP_CONFIG: 's3://bucket' }, 'TRANSSHIP_CONFIG names no object'],
    [{ TRANSSHIP_CONFIG: 's3:///key' }, 'TRANSSHIP_CONFIG names no object'],
    [{ TRANSSHIP_CONFIG: 'ssm:' }, 'TRANSSHIP_CONFIG names no parameter'],
    [{ TRANSSHIP_JOBS_TABLE: '' }, 'TRANSSHIP_JOBS_TABLE is not set'],
    [{ TRANSSHIP_RECORDS_TABLE: undefined }, 'TRANSSHIP_RECORDS_TABLE is not set'],
    [{ TRANSSHIP_QUEUES: '{' }, 'TRANSSHIP_QUEUES is no JSON'],
    [{ TRANSSHIP_QUEUES: '{"mirror":"queue"}' }, 'TRANSSHIP_QUEUES holds something that is no URL'],
    [{ TRANSSHIP_QUEUES: '[]' }, 'TRANSSHIP_QUEUES holds something that is no URL'],
    [{ TRANSSHIP_LOG_LEVEL: 'loud' }, 'TRANSSHIP_LOG_LEVEL is no level'],
    [{ AWS_REGION: '' }, 'AWS_REGION is not set'],
  ])('name the variable that is wrong: %j', (wrong, message) => {
    expect(() => readSettings({ ...ENV, ...wrong })).toThrow(
      expect.objectContaining({
        code: 'invalid-config',
        message: expect.stringContaining(message),
        hint: expect.any(String),
      }),
    );
  });
});

test('the clients of the SDK get the keys of the environment, unless a profile is named', () => {
  const env = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: 'token' };
  expect(clientSettings(env).credentials).toEqual({
    accessKeyId: 'AKIA',
    secretAccessKey: 'key',
    sessionToken: 'token',
  });
  expect(clientSettings({ ...env, AWS_SESSION_TOKEN: '' }).credentials).not.toHaveProperty('sessionToken');
  expect(clientSettings({ ...env, AWS_PROFILE: 'mine' }).credentials).toBeUndefined();
  expect(clientSettings({}).credentials).toBeUndefined();
});

test('a request of the SDK that is not answered ends by its time, so that it is tried again', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const settings = clientSettings({ AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'key' });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const client = new DynamoDBClient({ ...settings, region: 'eu-west-1', endpoint, maxAttempts: 1 });
  try {
    const heard = once(server, 'request');
    const asked = client.send(new GetItemCommand({ TableName: 'jobs', Key: { pk: { S: 'a' } } }));
    const failed = asked.catch((error: unknown) => error);
    await heard;
    await vi.advanceTimersByTimeAsync(5000);
    expect(await failed).toMatchObject({ name: 'TimeoutError' });
  } finally {
    vi.useRealTimers();
    client.destroy();
    server.closeAllConnections();
    server.close();
  }
});
