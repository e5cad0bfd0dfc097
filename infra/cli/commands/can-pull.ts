// `transship can-pull`: whether somebody may pull an image, who says so, by what, and what would help.
import { stringify } from 'yaml';
import { printable } from '../../../shared/telemetry/printable.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJsonLine } from '../output/json-lines.ts';
import { placeText } from '../output/grant-plan.ts';
import { literalTexts } from '../output/literal-texts.ts';
import { styleFor, type Colour } from '../output/style.ts';
import { alignColumns } from '../output/table.ts';
import { withPulls } from '../pulls-desk.ts';
import type { ServerOptions } from '../server/open-server.ts';
import type { FindingShape, PullAnswerShape } from '../server/pull-shapes.ts';

export type CanPullOptions = ServerOptions & { as: string; cluster?: string };

const EXITS = { yes: EXIT.done, no: EXIT.refused, unserved: EXIT.failed, unknown: EXIT.failed } as const;
const HEADS = {
  yes: ['yes', 'green'],
  no: ['no', 'red'],
  unserved: ['cannot tell', 'yellow'],
  unknown: ['cannot tell', 'yellow'],
} as const satisfies Record<string, readonly [string, Colour]>;

const MOST_NAMED = 20;

export async function runCanPull(context: Context, image: string, options: CanPullOptions): Promise<number> {
  const { as: subject, cluster } = options;
  const answer = await withPulls(context, options, (desk) => desk.canPull({ subject, image, cluster }));
  if (context.globals.json) printJsonLine(context.io, { type: 'report', ...answer });
  else print(context, answer);
  return EXITS[answer.answer];
}

function print({ io, globals }: Context, answer: PullAnswerShape): void {
  if (globals.quiet) return;
  const style = styleFor(io.stdout, io, globals);
  const [word, colour] = HEADS[answer.answer];
  const say = (line: string) => void io.stdout.write(`${line.trimEnd()}\n`);
  say(`${style(colour, word)}: ${printable(`${answer.subject} pulling ${answer.image}`, 1500)}`);
  say(`  ${printable(answer.decidedBy)}: ${printable(answer.why, 1000)}`);
  for (const line of alignColumns(answer.by.slice(0, MOST_NAMED).map(rowOf))) say(`  ${line}`);
  if (answer.by.length > MOST_NAMED) say(`  and ${answer.by.length - MOST_NAMED} more`);
  for (const note of answer.notes) say(`${style('yellow', 'note:')} ${printable(note, 500)}`);
  if (answer.hint !== undefined) say(`${style('yellow', 'hint:')} ${printable(answer.hint, 500)}`);
  if (answer.remedy === undefined) return;
  const { to, pull } = answer.remedy;
  const grant = { name: 'NAME', to: to.length === 1 ? to[0] : to, pull, reason: 'WHY' };
  say(stringify({ grants: [grant] }, literalTexts, { lineWidth: 0 }));
}

/** Object, place, whom, whose. */
function rowOf(finding: FindingShape): string[] {
  const { object, who, grant, class: found, flags } = finding;
  const owner = grant === undefined ? found : `${found}, grant ${grant}`;
  return [
    `by ${printable(object)}`,
    placeText(finding),
    printable(who.join(', '), 200),
    printable([owner, ...flags].join('; '), 300),
  ];
}
