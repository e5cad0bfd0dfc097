// What the entries of functions build on: a host that stays open between invocations, and what each of them gets of it.
import type { Context } from 'aws-lambda';
import type { Deps } from '../../../functions/deps.ts';
import type { ApiDeps } from '../../../functions/http-api/api-deps.ts';
import type { AwsJobStore } from '../job-store.ts';
import type { Marks } from '../records/marks.ts';
import type { AwsSettings } from './settings.ts';

/** What is needed of an invocation. */
export type Invocation = Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>;

/** What makes work durable and asks nobody: enough for pushes, Namespaces, timers and dead letters. */
export type IntakeDeps = Pick<Deps, 'clock' | 'config' | 'grants' | 'logger' | 'metrics' | 'pushes'> & {
  jobs: AwsJobStore;
  /** What of the configuration was taken over, by whichever process. */
  marks: Marks;
};

export type AwsHost<Given> = {
  settings: AwsSettings;
  deps: Given;
  /**
   * Which edition of the configuration holds: another text, another edition. Jobs that a changed configuration asks for have it in
   * their keys, so that of all processes one asks.
   */
  edition: () => string;
  /**
   * One invocation: a changed configuration is taken over, the work is done, and what was counted is told. The log names the request.
   * @throws TransshipError invalid-config where there is no good configuration yet, and what the work throws
   */
  invoke<Result>(invocation: Invocation, work: (deps: Given) => Promise<Result>): Promise<Result>;
};

/** `openIntake(env)`: without registries and clusters. @throws TransshipError invalid-config for a wrong environment */
export type AwsIntake = AwsHost<IntakeDeps>;

/** `openHost(env)`: everything. @throws TransshipError invalid-config for a wrong environment */
export type AwsFullHost = AwsHost<ApiDeps & { jobs: AwsJobStore }>;
