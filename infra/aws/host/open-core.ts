// What every function has, whatever it does: its settings, the log and the metrics, the tables, and the configuration as it holds now.
// Nothing is asked before the first invocation.
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Config, SecretReference } from '../../../shared/config/config.ts';
import { resolveSecret } from '../../../shared/config/secrets.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { systemClock, type Clock } from '../../../shared/jobs/clock.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type { Metrics } from '../../../shared/telemetry/metrics.ts';
import type { Secret } from '../../../shared/telemetry/secret.ts';
import { secretSources } from '../../host/secret-sources.ts';
import { awsJobStore, type AwsJobStore } from '../job-store.ts';
import type { Invocation } from './aws-host.ts';
import { clientSettings } from './client-settings.ts';
import { configSource } from './config-source.ts';
import { emfMetrics } from './emf-metrics.ts';
import { configKeeper, type KeptConfig } from './keep-config.ts';
import { lambdaLogger } from './lambda-logger.ts';
import { readSettings, type AwsSettings } from './settings.ts';
import { USER_AGENT } from './user-agent.ts';

/** What a configuration is prepared with. */
export type Means = {
  env: NodeJS.ProcessEnv;
  logger: Logger;
  metrics: Metrics;
  clock: Clock;
  /** @throws TransshipError invalid-config */
  readSecret: (reference: SecretReference) => Promise<Secret>;
  /** What the tokens in webhook addresses follow from. @throws TransshipError invalid-config where nothing says where it is */
  masterKey: (config: Pick<Config, 'masterKey'>) => Promise<Secret>;
};

export type Core<Prepared> = Means & {
  settings: AwsSettings;
  dynamo: DynamoDBClient;
  jobs: AwsJobStore;
  current: () => KeptConfig<Prepared>;
  /** See `AwsHost.invoke`; `hold` keeps open what the work uses, until its result is called. */
  run<Result>(invocation: Invocation, work: () => Promise<Result>, hold?: () => () => void): Promise<Result>;
};

export type CoreOptions<Prepared> = {
  /** See `KeeperOptions`. */
  prepare: (config: Config, means: Means, before: Prepared | undefined) => Promise<Prepared>;
  adopt?: (next: Prepared) => void;
  tellsWarnings?: true;
};

/** @throws TransshipError invalid-config for a wrong environment */
export function openCore<Prepared>(
  env: NodeJS.ProcessEnv,
  { prepare, ...options }: CoreOptions<Prepared>,
): Core<Prepared> {
  const settings = readSettings(env);
  const { functionName, stage, logLevel: level } = settings;
  const clock = systemClock;
  const asked = new AsyncLocalStorage<Invocation>();
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const about = () => ({ function: functionName, stage, aws_request_id: asked.getStore()?.awsRequestId });
  const logger = lambdaLogger({ level, write, about });
  const metrics = emfMetrics({ stage, clock, write });
  const sources = secretSources(env, USER_AGENT);
  const readSecret = (reference: SecretReference) => resolveSecret(reference, sources);
  const masterKey = ({ masterKey: own }: Pick<Config, 'masterKey'>) => readSecret(own ?? stackKey(settings));
  const means: Means = { env, logger, metrics, clock, readSecret, masterKey };
  const clients = clientSettings(env);
  const dynamo = new DynamoDBClient(clients);
  const jobs = awsJobStore({
    dynamo,
    tableName: settings.jobsTable,
    sqs: new SQSClient(clients),
    queueFor: (kind) => settings.queues[kind],
    owner: `${functionName}/${randomBytes(8).toString('hex')}`,
    onWakeFailed: (error) => logger.warn('a worker could not be woken: the upkeep does it', { err: error }),
  });
  const keeper = configKeeper<Prepared>({
    source: configSource(settings.config, { env, region: settings.region }),
    ...options,
    prepare: (config, before) => prepare(config, means, before),
    env,
    clock,
    logger,
  });
  return {
    ...means,
    settings,
    dynamo,
    jobs,
    current: keeper.current,
    run: (invocation, work, hold) =>
      asked.run(invocation, async () => {
        try {
          await keeper.fresh();
          const giveBack = hold?.();
          try {
            return await work();
          } finally {
            giveBack?.();
          }
        } finally {
          metrics.flush();
        }
      }),
  };
}

/** The secret that was made with the functions. @throws TransshipError invalid-config */
function stackKey({ masterKey: id }: AwsSettings): SecretReference {
  if (id !== undefined) return { awsSecret: { id } };
  throw new TransshipError('invalid-config', 'there is no master key: neither masterKey nor TRANSSHIP_MASTER_KEY', {
    hint: 'deploy with `transship aws deploy`, which makes one, or name one: masterKey: { awsSecret: { id: NAME } }',
  });
}
