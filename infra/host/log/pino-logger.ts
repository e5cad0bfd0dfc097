// The log as JSON lines: one object a line, for whatever collects the output of the process. Values that look like secrets are taken
// out before they are written.
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import type { LogFields, Logger } from '../../../shared/telemetry/logger.ts';
import { writable } from './log-fields.ts';
import type { LogLevel } from './log-level.ts';

export function jsonLogger(level: LogLevel, destination: DestinationStream): Logger {
  const log = pino(
    {
      level,
      // no host name and process id: who collects the lines knows where they are from
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // pino's own would add a stack to what was made writable already
      serializers: { err: (value: unknown) => value },
    },
    destination,
  );
  return loggerOn(log);
}

function loggerOn(log: PinoLogger): Logger {
  return {
    debug(message, fields) {
      if (log.isLevelEnabled('debug')) log.debug(writable(fields), message);
    },
    info(message, fields) {
      if (log.isLevelEnabled('info')) log.info(writable(fields), message);
    },
    warn: (message, fields) => log.warn(writable(fields), message),
    error: (message, fields) => log.error(writable(fields), message),
    with: (fields: LogFields) => loggerOn(log.child(writable(fields))),
  };
}
