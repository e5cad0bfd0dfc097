// `transship token-endpoint rotate`: the next key of the data folder signs from now on. A running server sees it by itself.
import { TransshipError } from '../../../shared/errors.ts';
import { certificatesFile } from '../../node/token-keys/certificates-file.ts';
import { rotateKeys } from '../../node/token-keys/made-keys.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { loadConfigFor } from '../load-config.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { tokenEndpointOf } from './token-endpoint-certificates.ts';

export async function runTokenEndpointRotate(context: Context): Promise<number> {
  const { io, globals } = context;
  const { config } = await loadConfigFor(context);
  if (tokenEndpointOf(config).keys !== undefined) {
    throw new TransshipError('invalid-usage', 'the keys of the token endpoint stand in the configuration', {
      hint: 'add the new pair as the last of tokenEndpoint.keys, give registries its certificate, then put it first',
    });
  }
  await rotateKeys(config.dataDir, new Date());
  const file = certificatesFile(config.dataDir);
  if (globals.json) printJsonLine(io, { type: 'report', certificates: file });
  else if (!globals.quiet) {
    io.stdout.write(`The next key signs now; registries trust it since they have the certificates.\n`);
    io.stdout.write(`Before the next rotation give them the new ones and start them anew: ${file}\n`);
  }
  return EXIT.done;
}
