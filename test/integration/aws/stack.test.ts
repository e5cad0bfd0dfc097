// The stack as `osls package` makes it of serverless.yml and of the starter: what cfn-lint says of it, what of the law of the AWS engine
// stands in it, and whether moto makes all of it.
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AWS_FUNCTIONS, type AwsFunctionName, type AwsTrigger } from '../../../infra/aws/stack/functions.ts';
import { emfMetrics } from '../../../infra/aws/host/emf-metrics.ts';
import { lambdaId, logGroupId, queueId, roleId, WORKERS } from '../../../infra/aws/stack/names.ts';
import { ecrHost } from '../../../shared/events/ecr-host.ts';
import { readPush } from '../../../shared/events/index.ts';
import { countAlarms, MAKERS, policiesOf, type Given } from '../../support/aws/create-by-service.ts';
import { matchesPattern } from '../../support/aws/event-pattern.ts';
import { resolve, type CreatedResource, type ResolveContext, type Template } from '../../support/aws/intrinsics.ts';
import { callMoto, textsIn } from '../../support/aws/moto-call.ts';
import { packageStack, type Packaged } from '../../support/aws/packaged.ts';
import { manualClock } from '../../support/jobs/manual-clock.ts';
import { startMoto } from '../../support/moto.ts';
import { isMissing, requireComponent } from '../../support/require-component.ts';

const ACCOUNT = '123456789012';
const REGION = 'eu-west-1';
const OTHERS = '111122223333,444455556666';
const DEAD_LETTERS = ['WorkerDeadLetters', 'EdgeDeadLetters', 'LastDeadLetters'];
const run = promisify(execFile);

let packaged: Packaged;
let template: Template;

beforeAll(async () => {
  const starter = await readFile('infra/aws/stack/starter.yaml', 'utf8');
  packaged = await packageStack(`${starter}\nmasterKey: { awsSecret: { id: transship/key } }\n`, 'none', [
    `otherAccounts=${OTHERS}`,
    'requestsPerSecond=60',
  ]);
  template = packaged.template;
}, 240_000);

afterAll(async () => packaged?.[Symbol.asyncDispose]());

function properties(id: string): Given {
  const found = template.Resources[id]?.Properties;
  if (found === undefined) throw new Error(`there is no resource ${id}`);
  return found;
}

function ofType(type: string): [string, Given][] {
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties = {} }]) =>
    type === Type ? [[id, Properties]] : [],
  );
}

const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

function isArnOf(id: string, value: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(arnOf(id));
}

/** What calls a function, in words. */
function triggersOf(name: AwsFunctionName): string[] {
  const arn = JSON.stringify(arnOf(lambdaId(name)));
  const integration = `"HttpApiIntegration${lambdaId(name).replace('LambdaFunction', '')}"`;
  return [
    ...ofType('AWS::ApiGatewayV2::Route').flatMap(([, { Target, RouteKey }]) =>
      JSON.stringify(Target).includes(integration) ? [`route ${String(RouteKey)}`] : [],
    ),
    ...ofType('AWS::Lambda::EventSourceMapping').flatMap(([, mapping]) =>
      JSON.stringify(mapping['FunctionName']) === arn ? [mappingInWords(mapping)] : [],
    ),
    ...ofType('AWS::Events::Rule').flatMap(([, { Targets, EventPattern, EventBusName = 'default' }]) =>
      JSON.stringify(Targets).includes(arn) ? [`rule ${JSON.stringify([EventBusName, EventPattern])}`] : [],
    ),
    ...ofType('AWS::Scheduler::Schedule').flatMap(([, { Target, ScheduleExpression }]) =>
      JSON.stringify(Target).includes(arn) ? [`${String(ScheduleExpression)} ${JSON.stringify(inputOf(Target))}`] : [],
    ),
  ].toSorted();
}

function mappingInWords({ EventSourceArn, BatchSize, ScalingConfig, FunctionResponseTypes }: Given): string {
  return `queue ${JSON.stringify([EventSourceArn, BatchSize, ScalingConfig, FunctionResponseTypes])}`;
}

function inputOf(target: unknown): unknown {
  return typeof target === 'object' && target !== null && 'Input' in target ? target.Input : undefined;
}

function expectedTriggers(trigger: AwsTrigger): string[] {
  if ('routes' in trigger) return trigger.routes.map((route) => `route ${route}`).toSorted();
  if ('timers' in trigger) {
    return Object.entries(trigger.timers)
      .map(([timer, rate]) => `${rate} ${JSON.stringify(JSON.stringify({ timer }))}`)
      .toSorted();
  }
  if ('events' in trigger) {
    const pattern = {
      source: ['aws.ecr'],
      'detail-type': ['ECR Image Action', 'ECR Referrer Action', 'ECR Replication Action'],
      detail: { result: ['SUCCESS'], 'action-type': ['PUSH', 'REPLICATE'] },
    };
    const buses = ['default', { 'Fn::GetAtt': ['PushBus', 'Name'] }];
    return buses.map((bus) => `rule ${JSON.stringify([bus, pattern])}`).toSorted();
  }
  const queues =
    'jobs' in trigger
      ? [{ id: queueId(trigger.jobs), batchSize: trigger.batchSize, concurrency: trigger.concurrency }]
      : ['WorkerDeadLetters', 'EdgeDeadLetters'].map((id) => ({ id, batchSize: 10, concurrency: 2 }));
  return queues
    .map(({ id, batchSize, concurrency }) =>
      mappingInWords({
        EventSourceArn: arnOf(id),
        BatchSize: batchSize,
        ScalingConfig: { MaximumConcurrency: concurrency },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      }),
    )
    .toSorted();
}

type StatementOf = { Sid: string; Action: string[]; Resource: unknown[] };

/** Of each role. */
function statements(): [string, StatementOf[]][] {
  return ofType('AWS::IAM::Role').map(([id, { Policies }]) => {
    const policies = Policies as { PolicyDocument: { Statement: StatementOf[] } }[];
    return [id, policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)];
  });
}

describe('the packaged stack', () => {
  it('has nothing that cfn-lint finds', async () => {
    const program = requireComponent('cfn-lint');
    const file = path.join(packaged.bundles, 'template.json');
    await writeFile(file, JSON.stringify(template));
    const { stdout } = await run(program, [file]).catch((error: unknown) => {
      throw new Error(error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error));
    });
    expect(stdout.trim()).toBe('');
  });

  // the first of osls has its bucket and no more: with a parameter that it does not ask for, CloudFormation refuses it
  it('brings what differs between deployments as defaults of its own, and gives the first template no parameter', async () => {
    expect(template.Parameters).toMatchObject({
      OtherAccounts: { Type: 'CommaDelimitedList', Default: OTHERS },
      AlarmEmail: { Type: 'String', Default: '' },
    });
    const state = path.join(packaged.bundles, '../../.serverless/serverless-state.json');
    const { provider } = JSON.parse(await readFile(state, 'utf8')).service;
    expect(provider.coreCloudFormationTemplate ?? {}).not.toHaveProperty('Parameters');
    expect(provider.stackParameters ?? []).toEqual([]);
  });

  it.each(AWS_FUNCTIONS)('has the function $name as the table of functions says it', ({ name, ...row }) => {
    expect(properties(lambdaId(name))).toMatchObject({
      FunctionName: `transship-dev-${name}`,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: `dist/aws/${name}/index.handler`,
      Timeout: row.timeoutSeconds,
      MemorySize: row.memoryMiB,
      Role: arnOf(roleId(name)),
      TracingConfig: { Mode: 'Active' },
    });
    expect(properties(logGroupId(name))).toMatchObject({ RetentionInDays: 7 });
    expect(triggersOf(name)).toEqual(expectedTriggers(row.trigger));
  });

  it('lets those events of ECR through that ask for jobs, and no others', async () => {
    const folder = 'test/fixtures/webhooks/ecr';
    const files = (await readdir(folder)).filter((name) => /^\d+\.json$/.test(name));
    const samples: Given[] = await Promise.all(
      files.map(async (name) => JSON.parse(await readFile(path.join(folder, name), 'utf8'))),
    );
    const referrers = samples.flatMap((sample): Given[] =>
      sample['detail-type'] === 'ECR Image Action' ? [{ ...sample, 'detail-type': 'ECR Referrer Action' }] : [],
    );
    const patterns = ofType('AWS::Events::Rule').map(([, { EventPattern }]) => EventPattern as Given);
    for (const event of [...samples, ...referrers]) {
      const hosts = [ecrHost(String(event['account']), String(event['region'])) ?? ''];
      const [read] = readPush(
        'ecr',
        { headers: {}, rawBody: Buffer.from(JSON.stringify(event)) },
        { id: 'ecr', registry: { id: 'ecr', hosts }, auth: { mode: 'platform' }, untagged: 'sweep' },
      );
      for (const pattern of patterns) {
        const isLetThrough = matchesPattern(pattern, event);
        expect({ event, isLetThrough }).toEqual({ event, isLetThrough: read?.relevant });
      }
    }
  });

  it('has a role for each function, and no statement that is wider than AWS makes it', () => {
    expect(new Set(ofType('AWS::Lambda::Function').map(([, { Role }]) => JSON.stringify(Role))).size).toBe(12);
    for (const [, all] of statements()) {
      expect(new Set(all.map(({ Sid }) => Sid)).size).toBe(all.length);
      expect(JSON.stringify(all)).not.toMatch(/"(?:\*|[\w-]+:\*)"\]?,"Resource"/);
    }
    const all = statements().flatMap(([, each]) => each);
    const onEverything = new Set(all.flatMap(({ Action, Resource }) => (Resource.includes('*') ? Action : [])));
    expect([...onEverything].toSorted()).toEqual([
      'ecr:GetAuthorizationToken',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  it('has dead letters on every asynchronous edge, and an end for those', () => {
    for (const { kind } of WORKERS) {
      expect(properties(queueId(kind))).toMatchObject({
        RedrivePolicy: { deadLetterTargetArn: arnOf('WorkerDeadLetters'), maxReceiveCount: 10 },
      });
    }
    for (const id of ['WorkerDeadLetters', 'EdgeDeadLetters']) {
      expect(properties(id)).toMatchObject({ RedrivePolicy: { deadLetterTargetArn: arnOf('LastDeadLetters') } });
    }
    expect(properties('LastDeadLetters')).not.toHaveProperty('RedrivePolicy');
    const DeadLetterConfig = { Arn: arnOf('EdgeDeadLetters') };
    for (const [, { Target }] of ofType('AWS::Scheduler::Schedule')) {
      expect(Target).toMatchObject({ DeadLetterConfig, RetryPolicy: { MaximumEventAgeInSeconds: expect.any(Number) } });
    }
    for (const [, { Targets }] of ofType('AWS::Events::Rule')) {
      expect(Targets).toMatchObject([{ DeadLetterConfig, RetryPolicy: { MaximumRetryAttempts: 185 } }]);
    }
    const called = ofType('AWS::Lambda::EventInvokeConfig');
    expect(called.map(([, { FunctionName }]) => FunctionName)).toEqual([
      { Ref: lambdaId('ecr-push') },
      { Ref: lambdaId('timers') },
    ]);
    for (const [, { DestinationConfig }] of called) {
      expect(DestinationConfig).toEqual({ OnFailure: { Destination: arnOf('EdgeDeadLetters') } });
    }
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
  it('lets workers wake each other for as long as there is work, and nobody else', () => {
    const allowed = ofType('AWS::Lambda::Function').flatMap(([id, { RecursiveLoop }]) =>
      RecursiveLoop === 'Allow' ? [id] : [],
    );
    expect(allowed.toSorted()).toEqual(WORKERS.map(({ name }) => lambdaId(name)).toSorted());
  });

  it('hides a message for six times as long as its function may run, and keeps it for two weeks', () => {
    for (const [, { EventSourceArn, FunctionName, MaximumBatchingWindowInSeconds }] of ofType(
      'AWS::Lambda::EventSourceMapping',
    )) {
      const [queue] = ofType('AWS::SQS::Queue').filter(([id]) => isArnOf(id, EventSourceArn));
      const [lambda] = ofType('AWS::Lambda::Function').filter(([id]) => isArnOf(id, FunctionName));
      const window = Number(MaximumBatchingWindowInSeconds ?? 0);
      expect(queue?.[1]['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * Number(lambda?.[1]['Timeout']) + window);
    }
    for (const [, queue] of ofType('AWS::SQS::Queue')) {
      expect(queue).toMatchObject({ MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true });
    }
    expect(properties('MirrorQueue')).toMatchObject({ VisibilityTimeout: 1440 });
  });

  it('has alarms for depth and age of every queue, errors and throttles of every function, and what stands still', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm').map(
      ([, { MetricName, Dimensions }]) => `${String(MetricName)} ${JSON.stringify(Dimensions)}`,
    );
    for (const id of [...DEAD_LETTERS, ...WORKERS.map(({ kind }) => queueId(kind))]) {
      const dimensions = JSON.stringify([{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }]);
      expect(alarms).toContain(`ApproximateNumberOfMessagesVisible ${dimensions}`);
      expect(alarms).toContain(`ApproximateAgeOfOldestMessage ${dimensions}`);
    }
    for (const { name } of AWS_FUNCTIONS) {
      const dimensions = JSON.stringify([{ Name: 'FunctionName', Value: { Ref: lambdaId(name) } }]);
      expect(alarms).toContain(`Errors ${dimensions}`);
      expect(alarms).toContain(`Throttles ${dimensions}`);
    }
    for (const id of ['DeadJobsAlarm', 'ExpiringCredentialsAlarm']) {
      expect(properties(id)).toMatchObject({ Namespace: 'Transship', Dimensions: [{ Name: 'stage', Value: 'dev' }] });
    }
  });

  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
  it('has alarms that CloudWatch takes, and each is heard, by itself or by one that speaks for it', () => {
    const [[, clocks] = ['', {}]] = ofType('AWS::CloudWatch::CompositeAlarm');
    const spokenFor = JSON.stringify([clocks['AlarmRule'], clocks['ActionsSuppressor']]);
    const all = ofType('AWS::CloudWatch::Alarm');
    for (const [id, { Period, EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, AlarmActions }] of all) {
      expect(Number(Period) % 60).toBe(0);
      expect(Number(Period) * Number(EvaluationPeriods)).toBeLessThanOrEqual(24 * 3600);
      expect(Number(DatapointsToAlarm)).toBeLessThanOrEqual(Number(EvaluationPeriods));
      expect([id, AlarmActions === undefined]).toEqual([id, spokenFor.includes(id)]);
    }
  });

  it('rings when a timer does not end well any more, each by itself, and not while a stack begins', () => {
    const clock = manualClock();
    const timers = ofType('AWS::Scheduler::Schedule').map(([id, { Target, ScheduleExpression }]) => ({
      id,
      timer: JSON.parse(String(inputOf(Target))).timer,
      seconds: 60 * Number(/\d+/.exec(String(ScheduleExpression))?.[0]),
    }));
    expect(timers).toHaveLength(4);
    for (const { id, timer, seconds } of timers) {
      // as the function tells it
      const lines: string[] = [];
      const metrics = emfMetrics({ stage: 'dev', clock, write: (line) => lines.push(line) });
      metrics.count('transship_timer_runs_total', { timer });
      metrics.flush();
      const { _aws, ...values } = JSON.parse(lines[0] ?? '');
      const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
      expect(Dimensions).toHaveLength(1);
      expect(properties(`${id}Alarm`)).toMatchObject({
        Namespace,
        MetricName: Metrics[0].Name,
        Dimensions: Dimensions[0].map((Name: string) => ({ Name, Value: values[Name] })),
        Statistic: 'Sum',
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
        Period: seconds,
      });
      const silence = Number(properties(`${id}Alarm`)['EvaluationPeriods']) * seconds;
      expect(silence).toBeGreaterThanOrEqual(3 * seconds);
      expect(silence).toBeLessThanOrEqual(15 * 60);
    }
    const wait = Number(properties('ClocksAlarm')['ActionsSuppressorWaitPeriod']);
    expect(wait).toBeGreaterThanOrEqual(2 * Math.max(...timers.map(({ seconds }) => seconds)));
    expect(properties('ClocksAlarm')['AlarmRule']).toEqual({
      'Fn::Sub': timers.map(({ id }) => `ALARM("\${${id}Alarm}")`).join(' OR '),
    });
    // it waits for one that has nothing to say, so that nothing else can silence it
    expect(properties('ClocksAlarm')['ActionsSuppressor']).toEqual(arnOf('ClocksPauseAlarm'));
    expect(properties('ClocksPauseAlarm')).toMatchObject({
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
    expect(Number(properties('ClocksPauseAlarm')['Threshold'])).toBeGreaterThan(1000);
  });

  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
  it('sees old messages before SQS leaves them out of the age: those that were received three times', () => {
    const read = ofType('AWS::Lambda::EventSourceMapping').map(([, { EventSourceArn }]) =>
      JSON.stringify(EventSourceArn),
    );
    for (const [id, { VisibilityTimeout }] of ofType('AWS::SQS::Queue')) {
      const { Threshold, TreatMissingData } = properties(`${id}AgeAlarm`);
      const isRead = read.includes(JSON.stringify(arnOf(id)));
      // a figure comes every minute: three of them before the third try
      const isSeen = Number(Threshold) + 180 <= 2 * Number(VisibilityTimeout);
      // of a queue that nobody reads the figures may end: what it held is still there
      expect({ id, isSeen: isSeen || !isRead, TreatMissingData }).toEqual({
        id,
        isSeen: true,
        TreatMissingData: isRead ? 'notBreaching' : 'ignore',
      });
    }
  });

  it('rings at once where senders may not come again, and otherwise for what lasts', () => {
    const soon = ['registry-push', 'namespace-created'].map((name) => lambdaId(name as AwsFunctionName));
    for (const [, { MetricName, Dimensions, EvaluationPeriods }] of ofType('AWS::CloudWatch::Alarm')) {
      if (MetricName !== 'Errors' && MetricName !== 'Throttles') continue;
      const isSoon = soon.some((id) => JSON.stringify(Dimensions).includes(`"${id}"`));
      expect([Dimensions, EvaluationPeriods]).toEqual([Dimensions, isSoon ? 1 : 3]);
    }
  });

  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
  it('rings where an event of ECR is lost, for each of its rules by the dimensions of its bus', () => {
    const rules = ofType('AWS::Events::Rule').map(([, { Name, EventBusName }]) => [
      ...(EventBusName === undefined ? [] : [{ Name: 'EventBusName', Value: EventBusName }]),
      { Name: 'RuleName', Value: Name },
    ]);
    expect(rules).toHaveLength(2);
    const watched = ofType('AWS::CloudWatch::Alarm').filter(([, { MetricName }]) =>
      ['InvocationsFailedToBeSentToDlq', 'DestinationDeliveryFailures'].includes(String(MetricName)),
    );
    expect(watched.map(([, { Dimensions }]) => Dimensions)).toEqual(
      expect.arrayContaining([...rules, [{ Name: 'FunctionName', Value: { Ref: lambdaId('ecr-push') } }]]),
    );
  });

  it('counts the webhooks that were turned away, by the log of the HTTP API', () => {
    const { LogGroupName, FilterPattern, MetricTransformations } = properties('TurnedAwayFilter');
    expect(LogGroupName).toEqual({ Ref: 'HttpApiLogGroup' });
    const { Format } = properties('HttpApiStage')['AccessLogSettings'] as { Format: string };
    const logged = JSON.parse(
      Format.replace('$context.routeKey', 'POST /hooks/{proxy+}').replace('$context.status', '429'),
    );
    expect(logged).toMatchObject({ route: 'POST /hooks/{proxy+}', status: 429 });
    expect(FilterPattern).toBe('{ ($.route = "POST /hooks/*") && (($.status = 429) || ($.status >= 500)) }');
    const [{ MetricNamespace, MetricName } = {}] = MetricTransformations as Record<string, string>[];
    expect(properties('TurnedAwayAlarm')).toMatchObject({ Namespace: MetricNamespace, MetricName, Dimensions: [] });
  });

  // missing data is no news: with shorter times, "so many in a row" never happens, or the alarm ends between two looks
  it('watches what looks tell, which come every ten minutes, over times that have one each', () => {
    const told = ofType('AWS::CloudWatch::Alarm').filter(([, { MetricName }]) =>
      /^transship_(?:credentials|grants)_/.test(String(MetricName)),
    );
    expect(told).toHaveLength(3);
    for (const [, { Period }] of told) expect(Period).toBeGreaterThan(10 * 60);
  });

  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
  it('can be removed: a bucket with a configuration in it stays, since CloudFormation deletes empty ones only', () => {
    const policyOf = (id: string) => template.Resources[id]?.DeletionPolicy;
    expect(policyOf('ConfigBucket')).toBe('RetainExceptOnCreate');
    expect(['JobsTable', 'RecordsTable', 'MasterKey'].map(policyOf)).toEqual(['Delete', 'Delete', 'Delete']);
  });

  it('tells the functions where things are, and nothing secret', () => {
    const [first, ...others] = ofType('AWS::Lambda::Function').map(([, { Environment }]) =>
      JSON.stringify(Environment),
    );
    for (const other of others) expect(other).toBe(first);
    expect(
      Object.keys((properties(lambdaId('timers'))['Environment'] as { Variables: Given }).Variables).toSorted(),
    ).toEqual([
      'TRANSSHIP_CONFIG',
      'TRANSSHIP_JOBS_TABLE',
      'TRANSSHIP_LOG_LEVEL',
      'TRANSSHIP_MASTER_KEY',
      'TRANSSHIP_QUEUES',
      'TRANSSHIP_RECORDS_TABLE',
      'TRANSSHIP_STAGE',
    ]);
    const queues = JSON.stringify(properties(lambdaId('timers'))['Environment']);
    for (const { kind } of WORKERS) expect(queues).toContain(`\\"${kind}\\":\\"\${${queueId(kind)}}\\"`);
  });

  // a stage that names a route which is not there yet, or no more, is refused, and so is taking that back
  it('has a limit for each route, so that nobody takes the room of the receivers, and the stage comes after the routes', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').filter(([, { RouteKey }]) => RouteKey !== '$default');
    const { DefaultRouteSettings, RouteSettings } = properties('HttpApiStage');
    // one that was given on the command line is a text
    const limits = (settings: Given) => Object.entries(settings).map(([name, value]) => `${name} ${String(value)}`);
    const others = ['DetailedMetricsEnabled false', 'ThrottlingRateLimit 60', 'ThrottlingBurstLimit 100'];
    const receivers = ['DetailedMetricsEnabled false', 'ThrottlingRateLimit 100', 'ThrottlingBurstLimit 300'];
    expect(limits(DefaultRouteSettings as Given)).toEqual(others);
    const told = Object.entries(RouteSettings as Record<string, Given>).map(([key, one]) => [key, limits(one)]);
    expect(Object.fromEntries(told)).toEqual({
      ...Object.fromEntries(routes.map(([, { RouteKey }]) => [RouteKey, others])),
      'POST /hooks/{proxy+}': receivers,
    });
    expect(routes).toHaveLength(6);
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    const atOnce = AWS_FUNCTIONS.map(({ trigger }) => ('concurrency' in trigger ? trigger.concurrency : 0));
    const bursts = [...Object.values(RouteSettings as Given), DefaultRouteSettings] as Record<string, number>[];
    const all = bursts.map(({ ThrottlingBurstLimit = 0 }) => ThrottlingBurstLimit);
    expect([...atOnce, ...all].reduce((sum, one) => sum + one, 0)).toBeLessThan(1000);
    const { DependsOn = [] } = template.Resources['HttpApiStage'] ?? {};
    expect(DependsOn).toEqual(expect.arrayContaining(routes.map(([id]) => id)));
  });

  it('keeps the secrets of webhook addresses out of the access log', () => {
    const { AccessLogSettings } = properties('HttpApiStage');
    expect(JSON.stringify(AccessLogSettings)).not.toMatch(/context\.(?:path|http\.path|protocolPath)/);
    for (const [, { PayloadFormatVersion }] of ofType('AWS::ApiGatewayV2::Integration')) {
      expect(PayloadFormatVersion).toBe('2.0');
    }
  });
});

const GIVEN = {
  AlarmEmail: 'ops@example.com',
  AlarmTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:alarms`,
  OtherAccounts: OTHERS,
  SubnetIds: 'subnet-0a,subnet-0b',
  SecurityGroupIds: 'sg-0a',
  SecretKeyArns: `arn:aws:kms:${REGION}:${ACCOUNT}:key/k`,
  ConfigParameter: '/transship/dev',
};

// without moto there is nobody who makes it
describe.skipIf(isMissing('moto'))('the packaged stack in moto', () => {
  it('is made whole, by CloudFormation and what that leaves out by the services themselves', async () => {
    // without a container engine moto runs no function, and there is no code to be had before its bucket is there
    process.env['VALIDATE_LAMBDA_S3'] = 'false';
    await using moto = await startMoto(requireComponent('moto'));
    delete process.env['VALIDATE_LAMBDA_S3'];
    const place = { url: moto.url, region: REGION };
    const stack = { StackName: 'transship-dev', Version: '2010-05-15' };
    const parameters = Object.entries(GIVEN).flatMap(([key, value], index) => [
      [`Parameters.member.${index + 1}.ParameterKey`, key],
      [`Parameters.member.${index + 1}.ParameterValue`, value],
    ]);
    await callMoto(place, 'cloudformation', {
      Action: 'CreateStack',
      ...stack,
      TemplateBody: JSON.stringify(template),
      ...Object.fromEntries(parameters),
    });
    const told = await callMoto(place, 'cloudformation', { Action: 'DescribeStackResources', ...stack });
    const created = new Map(
      told.split('</member>').flatMap((member) => {
        const [id] = textsIn(member, 'LogicalResourceId');
        // permissions have none
        const [physical = ''] = textsIn(member, 'PhysicalResourceId');
        return id === undefined ? [] : [[id, physical] as const];
      }),
    );

    const context = contextOf(created);
    const left = Object.entries(template.Resources).filter(([id]) => !created.has(id));
    const order = Object.keys(MAKERS);
    const sorted = left.toSorted(([, a], [, b]) => order.indexOf(a.Type) - order.indexOf(b.Type));
    const byService = new Map<string, number>();
    for (const [id, { Type, Properties = {} }] of sorted) {
      const make = MAKERS[Type];
      expect(make, `${id} (${Type}) is made by nobody`).toBeDefined();
      const ref = await make?.(resolve(Properties, context) as Given, place, id);
      context.resources.set(id, { ref: ref ?? '', attributes: attributesOf(Type, ref ?? '') });
      byService.set(Type, (byService.get(Type) ?? 0) + 1);
    }
    const list = [...byService].map(([type, count]) => `${count} ${type}`).toSorted();
    process.stdout.write(`moto: ${created.size} resources by CloudFormation; by its services: ${list.join(', ')}\n`);
    expect(created.size + left.length).toBe(Object.keys(template.Resources).length);
    const alarms = [...ofType('AWS::CloudWatch::Alarm'), ...ofType('AWS::CloudWatch::CompositeAlarm')];
    expect(await countAlarms(place)).toBe(alarms.length);
    const role = created.get(roleId('registry-push')) ?? '';
    expect((await policiesOf(place, role)).toSorted()).toEqual(['calls', 'configuration', 'secret-keys']);
  }, 120_000);
});

function contextOf(created: ReadonlyMap<string, string>): ResolveContext & { resources: Map<string, CreatedResource> } {
  const lists = ['OtherAccounts', 'SubnetIds', 'SecurityGroupIds', 'SecretKeyArns'];
  const values = Object.entries(GIVEN).map(([key, value]) => [key, lists.includes(key) ? value.split(',') : value]);
  const resources = [...created].map(([id, ref]): [string, CreatedResource] => {
    const type = template.Resources[id]?.Type ?? '';
    return [id, { ref, attributes: attributesOf(type, ref) }];
  });
  return {
    template,
    parameters: {
      ...Object.fromEntries(values),
      'AWS::Region': REGION,
      'AWS::AccountId': ACCOUNT,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
    },
    resources: new Map(resources),
  };
}

/** What properties of others name of it. */
function attributesOf(type: string, ref: string): Record<string, string> {
  const last = ref.split(/[/:]/).at(-1) ?? '';
  const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
  switch (type) {
    case 'AWS::SQS::Queue':
      return { Arn: arn('sqs', last), QueueName: last };
    case 'AWS::Lambda::Function':
      return { Arn: arn('lambda', `function:${last}`) };
    case 'AWS::IAM::Role':
      return { Arn: `arn:aws:iam::${ACCOUNT}:role/${last}` };
    case 'AWS::S3::Bucket':
      return { Arn: `arn:aws:s3:::${ref}` };
    case 'AWS::Logs::LogGroup':
      return { Arn: arn('logs', `log-group:${ref}:*`) };
    default:
      return { Arn: ref, Name: last };
  }
}
