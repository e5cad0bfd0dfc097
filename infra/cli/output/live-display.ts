// A few lines at the bottom of a terminal that are drawn over and over; whatever ends the process, the cursor comes back.
import type { Io, OutputStream } from '../io.ts';
import { visibleLength } from './style.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\r\u001b[0J';
const REDRAW_MS = 100;

export type LiveDisplay = {
  /** Writes a line that stays, above the display. */
  log(line: string): void;
  /** Takes the display away and shows the cursor. */
  stop(): void;
};

/** Draws what `lines` gives for the current width, ten times a second, until it is stopped. */
export function startLiveDisplay(io: Io, lines: (columns: number) => string[]): LiveDisplay {
  const stream = io.stderr;
  let drawn: string[] = [];
  const draw = () => {
    const next = lines(columnsOf(stream));
    // one write a frame, or the terminal flickers
    stream.write(`${erase(drawn, columnsOf(stream))}${next.join('\n')}`);
    drawn = next;
  };
  const forgetExit = io.onExit(() => stream.write(SHOW_CURSOR));
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  stream.write(HIDE_CURSOR);
  draw();
  return {
    log(line) {
      stream.write(`${erase(drawn, columnsOf(stream))}${line}\n`);
      drawn = [];
      draw();
    },
    stop() {
      clearInterval(timer);
      stream.write(`${erase(drawn, columnsOf(stream))}${SHOW_CURSOR}`);
      drawn = [];
      forgetExit();
    },
  };
}

/** Goes back to where the lines began; those that a narrower window has wrapped since count for several rows. */
export function erase(drawn: readonly string[], columns: number): string {
  if (drawn.length === 0) return '';
  const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(visibleLength(line) / columns)), 0);
  return `${rows > 1 ? `\u001b[${rows - 1}A` : ''}${CLEAR_BELOW}`;
}

function columnsOf(stream: OutputStream): number {
  return stream.columns || 80;
}
