// `transship grants resume`: ends a revoke by hand, and accepts what is there now for a grant that waits for somebody to confirm it.
import { printable } from '../../../shared/telemetry/printable.ts';
import { askOrRefuse } from '../ask.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import type { ServerOptions } from '../server/open-server.ts';
import { withGrants } from '../with-grants.ts';
import { show } from './grants-apply.ts';

export type GrantsResumeOptions = ServerOptions & { yes?: boolean };

export async function runGrantsResume(context: Context, name: string, options: GrantsResumeOptions): Promise<number> {
  const question = askOrRefuse(context, { isAnswered: options.yes === true, command: 'grants resume' });
  return withGrants(context, options, async (desk) => {
    if (question !== undefined && !(await question(`resume the grant ${printable(name)}?`))) {
      context.io.stderr.write('nothing was changed\n');
      return EXIT.done;
    }
    return show(context, await desk.resume(name));
  });
}
