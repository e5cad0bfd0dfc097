// `transship credentials refresh`: brings clusters to what the rules want, by the server that owns the data folder, or where none runs, in
// this process.
import * as z from 'zod';
import { reportJson } from '../../../functions/refresh-credentials/report-json.ts';
import type { Config } from '../../../shared/config/config.ts';
import { distribute } from '../../../shared/credentials/distribute.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { configWithAccess } from '../config-with-access.ts';
import type { Context } from '../context.ts';
import { credentialsRun, sleep } from '../credentials-run.ts';
import { scopeOf, type CredentialsScope, type ScopeOptions } from '../credentials-scope.ts';
import { loadConfigFor } from '../load-config.ts';
import { openConnections } from '../open-connections.ts';
import {
  clusterReport,
  credentialsExitCode,
  printClusterReport,
  type ClusterReport,
} from '../output/credential-report.ts';
import { startCredentialReporter } from '../output/credential-reporter.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { printError } from '../output/print-error.ts';
import { callApi, type Caller } from '../server/call-api.ts';
import { followJob } from '../server/follow-job.ts';
import { withRunningServer, withServer, type ServerOptions } from '../server/open-server.ts';
import { jobView, type JobView } from '../server/shapes.ts';

export type CredentialsRefreshOptions = ScopeOptions & ServerOptions & { force?: boolean; dryRun?: boolean };

/** Of one cluster. @throws TransshipError where nothing could be done there */
type Refresh = () => Promise<ClusterReport>;

export async function runCredentialsRefresh(context: Context, options: CredentialsRefreshOptions): Promise<number> {
  if (options.dryRun === true) {
    const { runCredentialsPlan } = await import('./credentials-plan.ts');
    return runCredentialsPlan(context, options);
  }
  if (options.server !== undefined) {
    return withServer(context, options, (caller) => refreshByServer(context, caller, options));
  }
  const config = await configWithAccess(context, (await loadConfigFor(context)).config);
  const scope = scopeOf(config, options);
  const byServer = await withRunningServer(context, config, (caller) => refreshByServer(context, caller, options));
  return byServer ?? refreshHere(context, config, scope, options.force === true);
}

async function refreshAll(context: Context, work: readonly Refresh[]): Promise<number> {
  const { io, globals } = context;
  const reports: ClusterReport[] = [];
  let lost = 0;
  for (const refresh of work) {
    try {
      const report = await refresh();
      reports.push(report);
      printClusterReport(context, report);
      if (globals.json && !globals.quiet) printJsonLine(io, { type: 'cluster', ...report });
    } catch (error) {
      context.signal.throwIfAborted();
      if (work.length === 1) throw error;
      lost += 1;
      printError(error, io, { ...globals, json: false });
    }
  }
  if (globals.json) printJsonLine(io, { type: 'report', clusters: reports, unreachableClusters: lost });
  return credentialsExitCode(reports, lost);
}

async function refreshHere(
  context: Context,
  config: Config,
  scope: CredentialsScope,
  isForced: boolean,
): Promise<number> {
  await using opened = new AsyncDisposableStack();
  const reporter = startCredentialReporter(context);
  opened.defer(() => reporter.stop());
  const connections = await openConnections(config, context, reporter.note);
  opened.defer(() => connections.close());
  const prepare = credentialsRun(config, connections, scope, { isForced, isDry: false }, context);
  const refresh = async (name: string): Promise<ClusterReport> => {
    reporter.begin(name);
    const { cluster, run } = await prepare(name);
    reporter.prepared(run.namespaces.length);
    const done = await distribute({
      cluster,
      instance: config.instance,
      run,
      // what is under way when somebody presses Ctrl-C is finished
      ending: context.signal,
      random: Math.random,
      sleep,
      onOutcome: (outcome) => reporter.outcome(name, outcome),
    });
    reporter.end();
    context.signal.throwIfAborted();
    return clusterReport.parse({ cluster: name, ...reportJson(done, undefined) });
  };
  // the connections live until it is done
  return await refreshAll(
    context,
    scope.clusters.map((name) => () => refresh(name)),
  );
}

const accepted = z.looseObject({ jobs: z.array(z.looseObject({ id: z.string() })) });

/** A job for each cluster; all run at the same time. */
async function refreshByServer(
  context: Context,
  caller: Caller,
  { cluster, rule, namespace, force }: CredentialsRefreshOptions,
): Promise<number> {
  const json = { cluster, rule, namespace, force };
  const { jobs } = await callApi(caller, { method: 'POST', path: '/v1/credentials/refresh', json }, accepted);
  return refreshAll(
    context,
    jobs.map(
      ({ id }) =>
        async () =>
          reportOf(await jobAtEnd(caller, id)),
    ),
  );
}

/** Goes on with the job that took its place, where there is one. */
async function jobAtEnd(caller: Caller, id: string): Promise<JobView> {
  // its history ends with it
  for await (const _ of followJob(caller, id));
  const ended = await callApi(caller, { method: 'GET', path: `/v1/jobs/${encodeURIComponent(id)}` }, jobView);
  return ended.supersededBy === undefined ? ended : jobAtEnd(caller, ended.supersededBy);
}

/** @throws TransshipError what the job ended in */
function reportOf({ result, problem, state }: JobView): ClusterReport {
  const parsed = clusterReport.safeParse(result).data;
  if (parsed !== undefined) return parsed;
  const { message = `the server's job ended as ${state}`, hint } = problem ?? {};
  throw new TransshipError('server-error', message, hint === undefined ? {} : { hint });
}
