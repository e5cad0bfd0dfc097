// A plan of grants for people: what would be done where, for whom, and whether more or less may be pulled after it.
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import type { ChangeShape, PlanShape } from '../server/grant-shapes.ts';
import { styleFor, type Colour, type Style } from './style.ts';
import { alignColumns } from './table.ts';
import { count } from './units.ts';

const SIGNS: Readonly<Record<string, readonly [sign: string, colour: Colour]>> = {
  create: ['+', 'green'],
  update: ['~', 'yellow'],
  adopt: ['=', 'cyan'],
  delete: ['-', 'red'],
  drift: ['?', 'yellow'],
  conflict: ['!', 'red'],
  none: [' ', 'dim'],
};

const REASONS: Readonly<Record<string, string>> = {
  declared: 'not there yet',
  changed: 'says something else by now',
  drift: 'somebody else changed it',
  expired: 'its time is over',
  revoked: 'revoked by hand',
  withdrawn: 'no longer declared',
  suspended: 'somebody has to confirm it',
};

const MOST_NAMED = 3;

/** The table, what principals need on their own side, and the hash as the last line. */
export function printGrantPlan(
  { io, globals }: Context,
  { changes, writes, unchanged, hash, policies }: PlanShape,
): void {
  if (globals.quiet) return;
  const style = styleFor(io.stdout, io, globals);
  for (const line of alignColumns(changes.map((change) => changeRow(change, style)))) {
    io.stdout.write(`${line.trimEnd()}\n`);
  }
  const hints = new Set(changes.flatMap(({ hint }) => hint ?? []));
  for (const hint of hints) io.stdout.write(`${style('yellow', 'hint:')} ${printable(hint, 500)}\n`);
  for (const { principal, grant, policy } of policies) {
    io.stdout.write(`${style('bold', printable(principal))} needs on its own side, for ${printable(grant)}:\n`);
    io.stdout.write(`${JSON.stringify(policy, undefined, 2)}\n`);
  }
  const conflicts = changes.filter(({ op }) => op === 'conflict').length;
  const told = conflicts === 0 ? '' : `, ${count(conflicts, 'conflict')}`;
  io.stdout.write(`${count(writes, 'change')}, ${unchanged} unchanged${told}\nplan ${hash}\n`);
}

/** Place, sign and object, grants and whom they are for, risk, why. */
function changeRow(change: ChangeShape, style: Style): string[] {
  const { op, label, grants, who, risk, overbroad } = change;
  const [sign, colour] = SIGNS[op] ?? ['*', 'cyan'];
  const marks = [risk ?? '', ...(overbroad === undefined ? [] : [style('red', 'OVERBROAD')])];
  return [
    style('dim', placeText(change)),
    style(colour, `${sign} ${printable(label)}`),
    printable(who.length === 0 ? grants.join(', ') : `${grants.join(', ')}: ${few(who)}`, 300),
    marks.join(' ').trim(),
    whyText(change),
  ];
}

export function placeText({ host, place }: Pick<ChangeShape, 'host' | 'place'>): string {
  return printable(place === '' ? host : `${host}/${place}`);
}

function whyText({ why, overbroad, message, state }: ChangeShape): string {
  const told = message ?? (why === undefined ? '' : (REASONS[why] ?? why));
  const reach = overbroad === undefined || message !== undefined ? '' : `reaches ${overbroad}`;
  return printable([state ?? '', told, reach].filter((text) => text !== '').join(': '), 500);
}

/** `a, b, c and 4 more` */
export function few(names: readonly string[]): string {
  const [shown, more] = [names.slice(0, MOST_NAMED).join(', '), names.length - MOST_NAMED];
  return more > 0 ? `${shown} and ${more} more` : shown;
}
