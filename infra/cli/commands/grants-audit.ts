// `transship grants audit`: everything that lets anybody pull, ours or not, what reaches too far first.
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ago } from '../output/ago.ts';
import { few, placeText } from '../output/grant-plan.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { styleFor, type Colour, type Style } from '../output/style.ts';
import { printTable } from '../output/table-with-heading.ts';
import { count } from '../output/units.ts';
import { withPulls } from '../pulls-desk.ts';
import type { ServerOptions } from '../server/open-server.ts';
import type { AuditShape, FindingShape } from '../server/pull-shapes.ts';

export type GrantsAuditOptions = ServerOptions & { cluster?: string; registry?: string; failOn?: string[] };

const HEADINGS = ['CLASS', 'WHERE', 'WHAT', 'WHO', 'BY', 'UNTIL', 'WHY'];
const COLOURS: Readonly<Record<string, Colour>> = {
  'over-broad': 'red',
  foreign: 'yellow',
  adoptable: 'cyan',
  ours: 'green',
  platform: 'dim',
};

export async function runGrantsAudit(context: Context, options: GrantsAuditOptions): Promise<number> {
  const { cluster, registry, failOn = [] } = options;
  const audit = await withPulls(context, options, (desk) => desk.audit({ cluster, registry }));
  print(context, audit);
  const { items, unread, sites } = audit;
  if (items.some((finding) => failOn.includes(finding.class))) return EXIT.refused;
  if (unread.length === 0) return EXIT.done;
  return unread.length === sites && items.length === 0 ? EXIT.failed : EXIT.partlyFailed;
}

function print(context: Context, { items, sites, unread }: AuditShape): void {
  const { io, globals } = context;
  const classes = Object.fromEntries(
    Map.groupBy(items, (finding) => finding.class)
      .entries()
      .map(([name, found]) => [name, found.length]),
  );
  if (globals.json) {
    for (const finding of globals.quiet ? [] : items) printJsonLine(io, { type: 'finding', ...finding });
    return printJsonLine(io, { type: 'report', findings: items.length, classes, sites, unread });
  }
  const style = styleFor(io.stdout, io, globals);
  const rows = items.map((finding) => rowOf(finding, Date.now(), style));
  printTable(context, HEADINGS, rows, 'nothing that lets anybody pull');
  const told = Object.entries(classes).map(([name, number]) => `${number} ${name}`);
  if (!globals.quiet) io.stdout.write(`${[`${count(sites, 'place')} looked at`, ...told].join(', ')}\n`);
  const errors = styleFor(io.stderr, io, globals);
  for (const { message, hint } of unread) {
    io.stderr.write(`${errors('red', 'error:')} ${printable(message, 500)}\n`);
    if (hint !== undefined) io.stderr.write(`${errors('yellow', 'hint:')} ${printable(hint, 500)}\n`);
  }
}

function rowOf(finding: FindingShape, nowMs: number, style: Style): string[] {
  const { class: found, what, who, object, until, grant, reason, verifiedAt, flags } = finding;
  const ours = [
    ...(grant === undefined ? [] : [`grant ${grant}`]),
    ...(reason === undefined ? [] : [reason]),
    ...(verifiedAt === undefined ? [] : [`proven ${ago(verifiedAt, nowMs)}`]),
  ];
  return [
    style(COLOURS[found] ?? 'bold', printable(found)),
    style('dim', placeText(finding)),
    printable(what, 200),
    printable(few(who), 300),
    printable(object, 200),
    until === undefined ? 'no end' : ago(until, nowMs),
    printable([...ours, ...flags].join('; '), 500),
  ];
}
