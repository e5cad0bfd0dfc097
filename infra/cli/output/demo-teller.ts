// Shows what the demo tells: as JSON lines for machines, as a story for people, with a display that moves at its end on a terminal.
import type { DemoEvent, ProgressEvent } from '../../demo/demo-event.ts';
import type { Context } from '../context.ts';
import { glyphsFor } from './bar.ts';
import { demoProgressLines } from './demo-progress.ts';
import { storyLines } from './demo-story.ts';
import { printJsonLine } from './json-lines.ts';
import { startLiveDisplay, type LiveDisplay } from './live-display.ts';
import { printProblem } from './print-error.ts';
import { styleFor } from './style.ts';

export type DemoTeller = {
  tell: (event: DemoEvent) => void;
  /** Takes the display away, whatever comes next. */
  stop: () => void;
};

const JSON_PROGRESS_MS = 250;

/** @param launcher the file that starts this program in a checkout */
export function demoTeller(context: Context, launcher: string): DemoTeller {
  if (context.globals.json) return jsonTeller(context);
  const { io, globals } = context;
  const isLive = !globals.quiet && io.stderr.isTTY === true && io.env['TERM'] !== 'dumb';
  const canvas = { style: styleFor(io.stderr, io, globals), glyphs: glyphsFor(io.env) };
  let display: LiveDisplay | undefined;
  let progress: ProgressEvent | undefined;

  function stop(): void {
    display?.stop();
    display = undefined;
  }

  function tell(event: DemoEvent): void {
    if (event.type === 'job') return;
    if (event.type === 'progress') {
      progress = event;
      if (isLive) display ??= startLiveDisplay(io, (columns) => demoProgressLines(progress, { ...canvas, columns }));
      return;
    }
    stop();
    tellFailures(event, context);
    if (globals.quiet) return;
    for (const line of storyLines(event, context, launcher)) io.stdout.write(`${line}\n`);
  }

  return { tell, stop };
}

/** Every event as it is; of the progress, four a second. */
function jsonTeller({ io, globals }: Context): DemoTeller {
  let shownAt = -Infinity;
  return {
    tell(event) {
      if (globals.quiet && event.type !== 'report') return;
      const now = performance.now();
      if (event.type === 'progress' && now - shownAt < JSON_PROGRESS_MS) return;
      if (event.type === 'progress') shownAt = now;
      printJsonLine(io, event);
    },
    stop: () => undefined,
  };
}

function tellFailures(event: DemoEvent, { io, globals }: Context): void {
  if (event.type === 'arrived') {
    for (const { error } of event.targets) if (error !== undefined) printProblem(error, io, globals);
  }
  if (event.type !== 'check' || event.holds) return;
  const { statement, detail } = event;
  const message = detail === undefined ? `does not hold: ${statement}` : `does not hold: ${statement}: ${detail}`;
  printProblem({ code: 'internal', message, hint: 'this is a fault in transship: please report it' }, io, globals);
}
