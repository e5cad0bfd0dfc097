// The log of a server: JSON lines for whatever collects them, short lines for people at a terminal.
import type { Logger } from '../../../shared/telemetry/logger.ts';
import { jsonLogger } from '../../host/log/pino-logger.ts';
import { readableLogger } from '../../node/log/readable-logger.ts';
import type { Context, LogLevel } from '../context.ts';
import type { Io } from '../io.ts';
import { styleFor } from './style.ts';

export function serverLog({ io, globals }: Context, level: LogLevel): Logger {
  const { stdout } = io;
  if (stdout.isTTY !== true || globals.json) return jsonLogger(level, { write: writeTogether(io) });
  return readableLogger({ level, style: styleFor(stdout, io, globals), write: (line) => void stdout.write(line) });
}

/** Lines of one turn of the event loop are one write: thousands of small ones a second would cost as much as the work they tell of. */
function writeTogether({ stdout, onExit }: Io): (line: string) => void {
  let lines = '';
  const flush = (): void => {
    const text = lines;
    lines = '';
    if (text !== '') stdout.write(text);
  };
  onExit(flush);
  return (line) => {
    if (lines === '') setImmediate(flush);
    lines += line;
  };
}
