// Where commands about grants turn to: the server that owns the data folder, or where none runs, this process with the store opened.
import type { Config } from '../../shared/config/config.ts';
import type { Context } from './context.ts';
import { grantsByServer } from './grants-by-server.ts';
import { loadConfigFor } from './load-config.ts';
import type { GrantShape, JournalShape, PlanShape, ReportShape } from './server/grant-shapes.ts';
import { withRunningServer, withServer, type ServerOptions } from './server/open-server.ts';

export type ApplyOrder = { hash?: string; allowOverbroad?: boolean; grants?: readonly string[] };

export type GrantsDesk = {
  list(): Promise<GrantShape[]>;
  plan(grants?: readonly string[]): Promise<PlanShape>;
  /** @throws TransshipError plan-changed, grant-refused */
  apply(order: ApplyOrder): Promise<ReportShape>;
  /** @throws TransshipError not-found */
  revoke(name: string, reason?: string): Promise<ReportShape>;
  resume(name: string): Promise<ReportShape>;
  /** Oldest first. */
  journal(filter: { grant?: string; after?: number }): AsyncIterable<JournalShape>;
};

/** @param work gets the configuration where this machine has it */
export async function withGrants(
  context: Context,
  options: ServerOptions,
  work: (desk: GrantsDesk, config: Config | undefined) => Promise<number>,
  { readsOnly = false } = {},
): Promise<number> {
  if (options.server !== undefined) {
    return withServer(context, options, (caller) => work(grantsByServer(caller), undefined));
  }
  const { config } = await loadConfigFor(context);
  const byServer = await withRunningServer(context, config, (caller) => work(grantsByServer(caller), config));
  if (byServer !== undefined) return byServer;
  const { withGrantsHere } = await import('./grants-here.ts');
  return withGrantsHere(context, config, { readsOnly }, (desk) => work(desk, config));
}
