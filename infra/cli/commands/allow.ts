// `transship allow`: lets a Namespace pull an image, with all that it takes: shows what would be done, asks, does it, and tells what became
// of each part.
import { userInfo } from 'node:os';
import { accessOrder, type AccessOrder } from '../../../functions/access/access-order.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { AccessDesk } from '../access-desk.ts';
import { askOrRefuse } from '../ask.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { accessExitCode, printAccessReport } from '../output/access-report.ts';
import { printJsonLine } from '../output/json-lines.ts';
import type { ServerOptions } from '../server/open-server.ts';
import { withAccess } from '../with-access.ts';

export type AllowOptions = ServerOptions & {
  cluster?: string;
  serviceAccount?: string[];
  until?: string;
  reason?: string;
  mirrorFrom?: string;
  dryRun?: boolean;
  yes?: boolean;
};

export async function runAllow(
  context: Context,
  namespace: string,
  image: string,
  options: AllowOptions,
): Promise<number> {
  const { io, globals } = context;
  const { dryRun = false, yes = false } = options;
  const order = orderOf(namespace, image, options);
  const question = askOrRefuse(context, { isAnswered: yes || dryRun, command: 'allow' });
  const work = async (desk: AccessDesk): Promise<number> => {
    if (dryRun || question !== undefined) {
      const preview = await desk.preview(order);
      printAccessReport(context, preview);
      if (dryRun && globals.json) printJsonLine(io, { type: 'report', ...preview });
      if (dryRun) return accessExitCode(preview);
    }
    if (question !== undefined && !(await question('do it?'))) {
      io.stderr.write('nothing was changed\n');
      return EXIT.done;
    }
    const report = await desk.apply(order);
    printAccessReport(context, report);
    if (globals.json) printJsonLine(io, { type: 'report', ...report });
    return accessExitCode(report);
  };
  return withAccess(context, options, work, { readsOnly: dryRun });
}

/** @throws TransshipError invalid-usage */
function orderOf(namespace: string, image: string, options: AllowOptions): AccessOrder {
  const { cluster, serviceAccount: serviceAccounts, until, mirrorFrom, reason } = options;
  const given = { cluster, serviceAccounts, until, mirrorFrom };
  const parsed = accessOrder.safeParse({
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    namespace,
    image,
    reason: reason ?? `asked by ${userInfo().username}`,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TransshipError('invalid-usage', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is wrong'}`, {
    hint: 'see: transship allow --help',
  });
}
