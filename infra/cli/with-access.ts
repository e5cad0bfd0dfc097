// Finds who does what a request for access asks for: the server that owns the data folder, or where none runs, this process with the store
// opened.
import type { AccessDesk } from './access-desk.ts';
import type { Context } from './context.ts';
import { loadConfigFor } from './load-config.ts';
import { withRunningServer, withServer, type ServerOptions } from './server/open-server.ts';

export async function withAccess(
  context: Context,
  options: ServerOptions,
  work: (desk: AccessDesk) => Promise<number>,
  { readsOnly }: { readsOnly: boolean },
): Promise<number> {
  const { accessByServer } = await import('./access-by-server.ts');
  if (options.server !== undefined) return withServer(context, options, (caller) => work(accessByServer(caller)));
  const { config } = await loadConfigFor(context);
  const byServer = await withRunningServer(context, config, (caller) => work(accessByServer(caller)));
  if (byServer !== undefined) return byServer;
  const { withAccessHere } = await import('./access-here.ts');
  return withAccessHere(context, config, { readsOnly }, work);
}
