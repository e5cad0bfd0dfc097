// The log of a function as JSON lines, in the form of every other host: small, because it is a part of each bundle. Values that look
// like secrets are taken out before they are written.
import type { LogFields, Logger } from '../../../shared/telemetry/logger.ts';
import { writable } from '../../host/log/log-fields.ts';
import { LOG_LEVELS, type LogLevel } from '../../host/log/log-level.ts';

type LoggerOptions = {
  level: LogLevel;
  /** Takes a line without its end. */
  write: (line: string) => void;
  /** What stands in each line: asked for whenever one is written. */
  about: () => LogFields;
  now?: () => Date;
};

export function lambdaLogger({ level, write, about, now = () => new Date() }: LoggerOptions): Logger {
  const told = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);

  function loggerWith(fixed: Record<string, unknown>): Logger {
    const tell = (at: LogLevel) => (message: string, fields?: LogFields) => {
      if (!told.includes(at)) return;
      const head = { level: at, time: now().toISOString() };
      write(lineOf({ ...head, ...writable(about()), ...fixed, ...writable(fields), msg: message }, head));
    };
    return {
      debug: tell('debug'),
      info: tell('info'),
      warn: tell('warn'),
      error: tell('error'),
      with: (fields) => loggerWith({ ...fixed, ...writable(fields) }),
    };
  }

  return loggerWith({});
}

/** A value that cannot be written keeps its line from nobody. */
function lineOf(line: Record<string, unknown>, head: Record<string, unknown>): string {
  try {
    return JSON.stringify(line);
  } catch {
    return JSON.stringify({ ...head, msg: line['msg'], fields: Object.keys(line) });
  }
}
