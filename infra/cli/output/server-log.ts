// The log of a server: JSON lines for whatever collects them, short lines for people at a terminal.
import { jsonLogger } from '../../node/log/pino-logger.ts';
import { readableLogger } from '../../node/log/readable-logger.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import type { Context, LogLevel } from '../context.ts';
import { styleFor } from './style.ts';

export function serverLog({ io, globals }: Context, level: LogLevel): Logger {
  const { stdout } = io;
  if (stdout.isTTY !== true || globals.json) return jsonLogger(level, { write: (line) => void stdout.write(line) });
  return readableLogger({ level, style: styleFor(stdout, io, globals), write: (line) => void stdout.write(line) });
}
