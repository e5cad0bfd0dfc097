// The policy for whoever deploys, as the guide prints it to be pasted: it names everything that the stack is made of.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stackOf } from '../../../../infra/aws/stack/stack.ts';
import { allowing, parseStatement } from '../../../support/aws/iam-policy.ts';
import { configOf } from '../../../support/config-of.ts';
import { ROOT } from '../../../support/documentation.ts';

const ACCOUNT = '123456789012';
const at = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:${ACCOUNT}:${rest}`;
const role = `arn:aws:iam::${ACCOUNT}:role/transship-prod-TimersRole-1A2B3C`;
const API_GATEWAY_ROLE = `arn:aws:iam::${ACCOUNT}:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway`;
const group = (path: string): string => at('logs', `log-group:${path}:*`);

/** What makes it, on the name that the template or CloudFormation gives it. */
const MADE: Readonly<Record<string, readonly (readonly [action: string, resource: string])[]>> = {
  'AWS::ApiGatewayV2::Api': [
    ['apigateway:POST', 'arn:aws:apigateway:eu-west-1::/apis'],
    // with the first API of an account: https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
    ['iam:CreateServiceLinkedRole', API_GATEWAY_ROLE],
  ],
  'AWS::ApiGatewayV2::Stage': [
    ['apigateway:PATCH', 'arn:aws:apigateway:eu-west-1::/apis/a1b2c3/stages/$default'],
    ['logs:CreateLogDelivery', '*'],
  ],
  'AWS::CloudFormation::Stack': [['cloudformation:ExecuteChangeSet', at('cloudformation', 'stack/transship-prod/1-2')]],
  'AWS::CloudWatch::Alarm': [['cloudwatch:PutMetricAlarm', at('cloudwatch', 'alarm:transship-prod-ClocksAlarm-1A')]],
  'AWS::CloudWatch::CompositeAlarm': [['cloudwatch:PutCompositeAlarm', '*']],
  'AWS::DynamoDB::Table': [['dynamodb:CreateTable', at('dynamodb', 'table/transship-prod-JobsTable-1A')]],
  'AWS::Events::EventBus': [['events:CreateEventBus', at('events', 'event-bus/transship-prod')]],
  'AWS::Events::EventBusPolicy': [['events:PutPermission', at('events', 'event-bus/transship-prod')]],
  'AWS::Events::Rule': [['events:PutRule', at('events', 'rule/transship-prod/transship-prod-ecr-others')]],
  'AWS::IAM::ManagedPolicy': [['iam:CreatePolicy', `arn:aws:iam::${ACCOUNT}:policy/transship-prod-TimersPolicy1-1A`]],
  'AWS::IAM::Policy': [['iam:PutRolePolicy', role]],
  'AWS::IAM::Role': [
    ['iam:CreateRole', role],
    ['iam:PassRole', role],
  ],
  'AWS::Lambda::EventSourceMapping': [['lambda:CreateEventSourceMapping', '*']],
  'AWS::Lambda::Function': [['lambda:CreateFunction', at('lambda', 'function:transship-prod-timers')]],
  'AWS::Logs::LogGroup': [
    ['logs:CreateLogGroup', group('/aws/lambda/transship-prod-timers')],
    ['logs:CreateLogGroup', group('/aws/http-api/transship-prod')],
  ],
  'AWS::Logs::MetricFilter': [['logs:PutMetricFilter', group('/aws/http-api/transship-prod')]],
  'AWS::S3::Bucket': [['s3:CreateBucket', 'arn:aws:s3:::transship-prod-configbucket-1a']],
  'AWS::S3::BucketPolicy': [['s3:PutBucketPolicy', 'arn:aws:s3:::transship-prod-configbucket-1a']],
  'AWS::SNS::Topic': [['sns:CreateTopic', at('sns', 'transship-prod-AlarmMessages-1A')]],
  'AWS::SQS::Queue': [['sqs:CreateQueue', at('sqs', 'transship-prod-MirrorQueue-1A')]],
  'AWS::SQS::QueuePolicy': [['sqs:SetQueueAttributes', at('sqs', 'transship-prod-MirrorQueue-1A')]],
  'AWS::Scheduler::Schedule': [['scheduler:CreateSchedule', at('scheduler', 'schedule/transship-prod/Upkeep-1A')]],
  'AWS::Scheduler::ScheduleGroup': [
    ['scheduler:CreateScheduleGroup', at('scheduler', 'schedule-group/transship-prod')],
  ],
  // CloudFormation names it without the name of the stack
  'AWS::SecretsManager::Secret': [
    ['secretsmanager:CreateSecret', at('secretsmanager', 'secret:MasterKey-1a2b3c-AbCdEf')],
  ],
};

const guide = readFileSync(join(ROOT, 'docs/aws.md'), 'utf8');
const [, block = ''] = /^### What a deployment needs$.*?^```json\n(.*?)^```/ms.exec(guide) ?? [];
const policy: { Statement: unknown[] } = JSON.parse(block);
const statements = policy.Statement.map(parseStatement);

describe('the policy of whoever deploys', () => {
  it('is short enough for a managed policy', () => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html counts without white space
    expect(JSON.stringify(policy).length).toBeLessThan(6144);
  });

  it('knows every type of resource that the stack has', () => {
    const { Resources } = stackOf(configOf(''));
    expect(Object.keys(MADE)).toEqual(expect.arrayContaining(Object.values(Resources).map(({ Type }) => Type)));
  });

  it.each(Object.entries(MADE))('lets it make %s', (_, needs) => {
    for (const [action, resource] of needs) {
      expect([action, allowing(statements, { action, resource, context: {} }).length > 0]).toEqual([action, true]);
    }
  });

  it.each([
    ['lambda:DeleteFunction', at('lambda', 'function:other')],
    ['dynamodb:DeleteTable', at('dynamodb', 'table/orders')],
    ['iam:PassRole', `arn:aws:iam::${ACCOUNT}:role/admin`],
    ['iam:DeleteServiceLinkedRole', API_GATEWAY_ROLE],
    [
      'iam:CreateServiceLinkedRole',
      `arn:aws:iam::${ACCOUNT}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS`,
    ],
    ['secretsmanager:GetSecretValue', at('secretsmanager', 'secret:transship/docker-hub-AbCdEf')],
  ])('does not let it %s of others', (action, resource) => {
    expect(allowing(statements, { action, resource, context: {} })).toEqual([]);
  });
});
