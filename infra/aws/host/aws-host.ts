// What the entries of functions build on: a host that stays open between invocations, and what each of them gets of it.
import type { Context } from 'aws-lambda';
import type { Deps } from '../../../functions/deps.ts';
import type { ApiDeps } from '../../../functions/http-api/api-deps.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type { AwsJobStore } from '../job-store.ts';
import type { Marks } from '../records/marks.ts';
import type { AwsSettings } from './settings.ts';

/** What is needed of an invocation. */
export type Invocation = Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>;

type OnAws<Given> = Omit<Given, 'jobs'> & { readonly jobs: AwsJobStore; readonly marks: Marks };

/** What makes work durable and asks nobody: enough for pushes, Namespaces, timers and dead letters. */
export type IntakeDeps = OnAws<Pick<Deps, 'clock' | 'config' | 'grants' | 'jobs' | 'logger' | 'metrics' | 'pushes'>>;

export type AwsHost<Given> = {
  settings: AwsSettings;
  logger: Logger;
  deps: Given;
  /**
   * One invocation: a changed configuration is taken over, the work is done, and what was counted is told. The log names the request.
   * @throws TransshipError where there is no good configuration yet, and what the work throws
   */
  invoke<Result>(invocation: Invocation, work: (deps: Given) => Promise<Result>): Promise<Result>;
};

/** Without registries and clusters. */
export type AwsIntake = AwsHost<IntakeDeps>;

/** With registries, clusters and all that jobs need. */
export type HostDeps = OnAws<Deps>;

/** With what the API needs beside that. */
export type ApiHostDeps = OnAws<ApiDeps>;
