// Finds who does what a command about grants asks for: the server that owns the data folder, or where none runs, this process with the store
// opened.
import type { Config } from '../../shared/config/config.ts';
import type { Context } from './context.ts';
import { grantsByServer } from './grants-by-server.ts';
import type { GrantsDesk } from './grants-desk.ts';
import { loadConfigFor } from './load-config.ts';
import { withRunningServer, withServer, type ServerOptions } from './server/open-server.ts';

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
