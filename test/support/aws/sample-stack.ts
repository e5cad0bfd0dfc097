// A stack in small for the tests of the emulator: one function that does what its event says, with every kind of trigger before it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Template } from './intrinsics.ts';

const HANDLER = `
const seen = [];
export const handler = async (event, context) => {
  seen.push(context.awsRequestId);
  const { requestContext, Records, detail } = event;
  const asked = Records === undefined ? (detail ?? event) : JSON.parse(Records[0].body);
  console.log('asked', JSON.stringify(asked));
  if (requestContext !== undefined) {
    return { statusCode: 201, headers: { 'X-Seen': String(seen.length) }, cookies: ['a=1', 'b=2'], body: JSON.stringify(event) };
  }
  if (asked.background) setInterval(() => console.log('still at work'), 20);
  if (asked.hang) await new Promise((resolve) => setTimeout(resolve, 600_000));
  if (asked.fail) throw new TypeError('asked to fail');
  if (asked.exit) process.exit(3);
  if (Records !== undefined) {
    return { batchItemFailures: Records.filter(({ body }) => JSON.parse(body).poison).map(({ messageId }) => ({ itemIdentifier: messageId })) };
  }
  return { seen: seen.length, remaining: context.getRemainingTimeInMillis(), env: process.env, cwd: process.cwd() };
};
`;

/** A folder as the build makes it, with the bundle of the function `sample`. */
export function sampleBundles() {
  const folder = mkdtempSync(path.join(tmpdir(), 'transship-bundles-'));
  mkdirSync(path.join(folder, 'sample'));
  writeFileSync(path.join(folder, 'sample', 'index.mjs'), HANDLER);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

const getArn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

export const SAMPLE_TEMPLATE: Template = {
  Parameters: { Stage: { Type: 'String', Default: 'dev' } },
  Conditions: { IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } },
  Resources: {
    Work: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: { 'Fn::Sub': 'sample-${Stage}-work' },
        VisibilityTimeout: 1440,
        RedrivePolicy: { deadLetterTargetArn: getArn('Dead'), maxReceiveCount: 2 },
      },
    },
    Dead: { Type: 'AWS::SQS::Queue', Properties: {} },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      },
    },
    Key: { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: { PasswordLength: 64 } } },
    Role: { Type: 'AWS::IAM::Role', Properties: {} },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: { 'Fn::Join': ['-', ['sample', { Ref: 'Stage' }]] },
        Handler: 'dist/aws/sample/index.handler',
        Role: getArn('Role'),
        MemorySize: 256,
        Timeout: 5,
        Environment: {
          Variables: {
            TABLE: { Ref: 'Table' },
            QUEUE: { Ref: 'Work' },
            KEY: { Ref: 'Key' },
            PLACE: { 'Fn::Sub': '${AWS::AccountId}/${AWS::Region}' },
            ONLY_IN_PROD: { 'Fn::If': ['IsProd', 'yes', { Ref: 'AWS::NoValue' }] },
          },
        },
      },
    },
    Config: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'Function' },
        MaximumRetryAttempts: 1,
        DestinationConfig: { OnFailure: { Destination: getArn('Dead') } },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: getArn('Work'),
        FunctionName: getArn('Function'),
        BatchSize: 10,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
      },
    },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: { IntegrationUri: getArn('Function'), PayloadFormatVersion: '2.0' },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        RouteKey: 'POST /hooks/{proxy+}',
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
      },
    },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: { source: ['aws.ecr'], detail: { 'action-type': ['PUSH'] } },
        Targets: [{ Arn: getArn('Function'), Id: 'one', DeadLetterConfig: { Arn: getArn('Dead') } }],
      },
    },
    Schedule: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: { Target: { Arn: getArn('Function'), Input: '{"timer":"upkeep"}' } },
    },
  },
};
