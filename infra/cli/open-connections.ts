// Opens everything beyond this process with what the global options say about logins, certificates and plain HTTP.
import type { Config } from '../../shared/config/config.ts';
import type { Connections } from '../host/connections.ts';
import { openConnections as open } from '../host/open-connections.ts';
import type { Context } from './context.ts';
import { registrySurroundings } from './open-registries.ts';
import type { Note } from './output/note.ts';

/** Nothing is asked before it is needed; the caller closes them. @throws TransshipError invalid-usage, invalid-config, invalid-credential-file */
export async function openConnections(
  config: Config,
  context: Context,
  onNote: (note: Note) => void,
): Promise<Connections> {
  return open(config, await registrySurroundings(context, onNote));
}
