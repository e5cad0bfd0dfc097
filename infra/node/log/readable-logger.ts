// The log for people at a terminal: one short line each, the fields behind the message.
import type { LogFields, Logger } from '../../../shared/telemetry/logger.ts';
import { writable } from '../../host/log/log-fields.ts';
import { LOG_LEVELS, type LogLevel } from '../../host/log/log-level.ts';

type Colour = 'red' | 'yellow' | 'cyan' | 'dim';

export type ReadableOptions = {
  level: LogLevel;
  write: (line: string) => void;
  style: (colour: Colour, text: string) => string;
  now?: () => Date;
};

const COLOURS: Readonly<Record<LogLevel, Colour>> = { error: 'red', warn: 'yellow', info: 'cyan', debug: 'dim' };

export function readableLogger(options: ReadableOptions, always: LogFields = {}): Logger {
  const { write, style, now = () => new Date() } = options;
  const shown = LOG_LEVELS.indexOf(options.level);

  function tell(level: LogLevel, message: string, fields?: LogFields): void {
    if (LOG_LEVELS.indexOf(level) > shown) return;
    const parts = Object.entries(writable({ ...always, ...fields })).map(
      ([name, value]) => `${style('dim', `${name}=`)}${shownValue(value)}`,
    );
    const label = style(COLOURS[level], level.padEnd(5));
    write(`${style('dim', timeOfDay(now()))} ${label} ${[message, ...parts].join('  ')}\n`);
  }

  return {
    debug: (message, fields) => tell('debug', message, fields),
    info: (message, fields) => tell('info', message, fields),
    warn: (message, fields) => tell('warn', message, fields),
    error: (message, fields) => tell('error', message, fields),
    with: (fields) => readableLogger(options, { ...always, ...fields }),
  };
}

function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

function shownValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (isError(value)) return `${value.message}${value.hint === undefined ? '' : ` (${value.hint})`}`;
  return JSON.stringify(value) ?? '-';
}

function isError(value: unknown): value is { message: string; hint?: string } {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string';
}
