// Where commands that look who may pull turn to: the server that owns the data folder, or where none runs, this process.
import { auditJson } from '../../functions/audit-grants/finding-json.ts';
import { pullAnswerJson } from '../../functions/can-pull/answer-json.ts';
import type { Config } from '../../shared/config/config.ts';
import type { Context } from './context.ts';
import { loadConfigFor } from './load-config.ts';
import { openConnections } from './open-connections.ts';
import { notePrinter } from './output/note.ts';
import { callApi, withQuery, type Caller } from './server/call-api.ts';
import { withRunningServer, withServer, type ServerOptions } from './server/open-server.ts';
import { auditShape, pullAnswerShape, type AuditShape, type PullAnswerShape } from './server/pull-shapes.ts';

type AuditScope = { cluster?: string | undefined; registry?: string | undefined };
type PullQuestion = { subject: string; image: string; cluster?: string | undefined };

export type PullsDesk = {
  /** @throws TransshipError invalid-usage, invalid-reference, and what a cluster says is wrong */
  canPull(question: PullQuestion): Promise<PullAnswerShape>;
  audit(scope: AuditScope): Promise<AuditShape>;
};

export async function withPulls<Result>(
  context: Context,
  options: ServerOptions,
  work: (desk: PullsDesk) => Promise<Result>,
): Promise<Result> {
  if (options.server !== undefined) return withServer(context, options, (caller) => work(deskOfServer(caller)));
  const { config } = await loadConfigFor(context);
  const byServer = await withRunningServer(context, config, (caller) => work(deskOfServer(caller)));
  return byServer ?? work(deskHere(context, config));
}

function deskOfServer(caller: Caller): PullsDesk {
  return {
    canPull: (json) => callApi(caller, { method: 'POST', path: '/v1/can-pull', json }, pullAnswerShape),
    audit: (scope) => callApi(caller, { method: 'GET', path: withQuery('/v1/grants/audit', { ...scope }) }, auditShape),
  };
}

function deskHere(context: Context, config: Config): PullsDesk {
  const { signal } = context;
  return {
    async canPull(question) {
      await using opened = new AsyncDisposableStack();
      const connections = await openConnections(config, context, notePrinter(context));
      opened.defer(() => connections.close());
      const { canPull } = await import('../../functions/can-pull.ts');
      return pullAnswerJson(await canPull(config, connections, { ...question, signal }));
    },
    async audit(scope) {
      await using opened = new AsyncDisposableStack();
      const { openGrantStore } = await import('./open-grants.ts');
      const store = await openGrantStore(config, true);
      opened.defer(store.close);
      const connections = await openConnections(config, context, notePrinter(context));
      opened.defer(() => connections.close());
      const { auditGrants } = await import('../../functions/audit-grants.ts');
      const means = { backendFor: connections.grantBackends, state: await store.grants.state() };
      return auditJson(await auditGrants(config, means, { ...scope, signal }));
    },
  };
}
