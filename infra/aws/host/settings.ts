// What a function is told by its environment: where its configuration, its tables and its queues are. Nothing secret stands there.
import * as z from 'zod';
import { TransshipError } from '../../../shared/errors.ts';
import { LOG_LEVELS, type LogLevel } from '../../host/log/log-level.ts';

/** Where a configuration is kept. */
export type ConfigPlace =
  | { kind: 's3'; bucket: string; key: string }
  /** A parameter of Systems Manager, by name or ARN. */
  | { kind: 'ssm'; name: string }
  | { kind: 'file'; path: string };

export type AwsSettings = {
  config: ConfigPlace;
  /** A table as job-store/table.ts describes it. */
  jobsTable: string;
  /** A table as records/table.ts describes it. */
  recordsTable: string;
  /** URLs by the kind of job. */
  queues: Readonly<Record<string, string>>;
  /** The Secrets Manager secret that holds the master key, where the configuration names none. */
  masterKey: string | undefined;
  logLevel: LogLevel;
  stage: string;
  region: string;
  /** As Lambda calls it, for the log. */
  functionName: string;
};

const HINT =
  'the functions get it from serverless.yml: deploy with `transship aws deploy`, or set it as that file does';

/** @throws TransshipError invalid-config that names the variable */
export function readSettings(env: NodeJS.ProcessEnv): AwsSettings {
  return {
    config: configPlace(required('TRANSSHIP_CONFIG', env)),
    jobsTable: required('TRANSSHIP_JOBS_TABLE', env),
    recordsTable: required('TRANSSHIP_RECORDS_TABLE', env),
    queues: readQueues(env['TRANSSHIP_QUEUES'] ?? ''),
    masterKey: env['TRANSSHIP_MASTER_KEY'] || undefined,
    logLevel: readLevel(env['TRANSSHIP_LOG_LEVEL'] ?? ''),
    stage: env['TRANSSHIP_STAGE'] || 'dev',
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    region: required('AWS_REGION', env),
    functionName: env['AWS_LAMBDA_FUNCTION_NAME'] || 'transship',
  };
}

/** `s3://bucket/key`, `ssm:name`, or the path of a file. @throws TransshipError invalid-config */
export function configPlace(text: string): ConfigPlace {
  if (text.startsWith('s3://')) {
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(text) ?? [];
    if (key === '') throw wrong('TRANSSHIP_CONFIG', 'names no object', 'write it like s3://bucket/transship.yaml');
    return { kind: 's3', bucket, key };
  }
  if (text.startsWith('ssm:')) {
    const name = text.slice('ssm:'.length);
    if (name === '') throw wrong('TRANSSHIP_CONFIG', 'names no parameter', 'write it like ssm:/transship/config');
    return { kind: 'ssm', name };
  }
  return { kind: 'file', path: text };
}

/** As people name it, in messages. */
export function describePlace(place: ConfigPlace): string {
  if (place.kind === 's3') return `s3://${place.bucket}/${place.key}`;
  return place.kind === 'ssm' ? `ssm:${place.name}` : place.path;
}

const queueMap = z.record(z.string(), z.url());

/** None at all: nobody is woken, and the upkeep finds the jobs. */
function readQueues(text: string): Readonly<Record<string, string>> {
  if (text === '') return {};
  const hint = 'write it as JSON: {"<kind of job>":"<URL of its queue>"}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('TRANSSHIP_QUEUES', 'is no JSON', hint);
  }
  const read = queueMap.safeParse(value);
  if (!read.success) throw wrong('TRANSSHIP_QUEUES', 'holds something that is no URL of a queue', hint);
  return read.data;
}

function readLevel(text: string): LogLevel {
  if (text === '') return 'info';
  const level = LOG_LEVELS.find((one) => one === text);
  if (level === undefined) throw wrong('TRANSSHIP_LOG_LEVEL', 'is no level', `write one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

function required(name: string, env: NodeJS.ProcessEnv): string {
  const value = env[name] ?? '';
  if (value === '') throw wrong(name, 'is not set', HINT);
  return value;
}

function wrong(name: string, what: string, hint: string): TransshipError {
  return new TransshipError('invalid-config', `the environment variable ${name} ${what}`, { hint });
}
