// Shows what the demo tells: as JSON lines for machines, or as a short story in steps for people.
import type { DemoEvent, DemoReport, Lesson } from '../../demo/demo-event.ts';
import type { Check } from '../../demo/proof.ts';
import type { Context } from '../context.ts';
import { glyphsFor } from './bar.ts';
import { targetFacts } from './copy-summary.ts';
import { lookAroundLines } from './demo-look-around.ts';
import { printJsonLine } from './json-lines.ts';
import { printProblem } from './print-error.ts';
import { styleFor } from './style.ts';
import { alignColumns } from './table.ts';
import { formatBytes, shortDigest } from './units.ts';

const LESSONS: Readonly<Record<Lesson, string>> = {
  first: 'Copy demo/app to both: one read of the source, signature and SBOM included',
  'shared-layers': 'Copy demo/worker: the layer that demo/app has too is mounted, not sent',
  again: 'Copy demo/app once more: nothing changed, so nothing is sent',
};

/** The function that shows one event after the other. */
export function demoTeller(context: Context): (event: DemoEvent) => void {
  const { io, globals } = context;
  if (globals.json) {
    return (event) => {
      if (!globals.quiet || event.type === 'report') printJsonLine(io, event);
    };
  }
  return (event) => {
    if (event.type === 'check' && !event.holds) tellFailure(event, context);
    for (const target of event.type === 'copied' ? event.targets : []) {
      if (target.error !== undefined) printProblem(target.error, io, globals);
    }
    if (globals.quiet) return;
    for (const line of linesFor(event, context)) io.stdout.write(`${line}\n`);
  };
}

function linesFor(event: DemoEvent, context: Context): string[] {
  const { io, globals } = context;
  const style = styleFor(io.stdout, io, globals);
  const heading = (text: string) => ['', style('bold', text)];
  switch (event.type) {
    case 'registries': {
      const rows = [
        ['  source', event.source],
        ...event.targets.map(({ host, login }) => ['  target', login ? `${host}, which wants a login` : host]),
      ];
      return [
        ...heading('Three registries in this process; nothing leaves the machine').slice(1),
        ...alignColumns(rows),
      ];
    }
    case 'images': {
      const rows = event.images.map(({ reference, digest, sizeBytes }) => [
        `  ${reference}`,
        formatBytes(sizeBytes),
        inShort(digest),
      ]);
      return [...heading('Two images for linux/amd64 and linux/arm64, on one base layer'), ...alignColumns(rows)];
    }
    case 'copying':
      return heading(LESSONS[event.lesson]);
    case 'copied':
      return event.targets.flatMap((target) => [
        `  ${style(target.error === undefined ? 'green' : 'red', target.state)} ${target.reference}  ${inShort(target.digest ?? '')}`.trimEnd(),
        `    ${style('dim', targetFacts(target, glyphsFor(io.env)))}`,
      ]);
    case 'proving':
      return heading('Read everything back with another client');
    case 'check':
      return event.holds ? [`  ${style('green', 'holds')}  ${event.statement}`] : [];
    default:
      return endingLines(event, context);
  }
}

function inShort(digest: string): string {
  return digest === '' ? '' : `sha256:${shortDigest(digest)}`;
}

function endingLines(report: DemoReport, { io, globals }: Context): string[] {
  const style = styleFor(io.stdout, io, globals);
  const verdict = report.proved
    ? style('green', `Proved: ${formatBytes(report.hashedBytes)} read back and hashed.`)
    : style('red', 'Not proved.');
  return [verdict, '', ...lookAroundLines(report, style)];
}

function tellFailure({ statement, detail }: Check, { io, globals }: Context): void {
  const message = detail === undefined ? `does not hold: ${statement}` : `does not hold: ${statement}: ${detail}`;
  printProblem({ code: 'internal', message, hint: 'this is a fault in transship: please report it' }, io, globals);
}
