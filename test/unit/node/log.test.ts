// The log of a server: what a line looks like for machines and for people, and what never gets into it.
import { expect, it } from 'vitest';
import { jsonLogger } from '../../../infra/host/log/pino-logger.ts';
import { readableLogger } from '../../../infra/node/log/readable-logger.ts';
import { TransshipError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/telemetry/logger.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';
import type { LogLevel } from '../../../infra/cli/context.ts';

function machineLog(level: LogLevel = 'debug'): { logger: Logger; lines: () => unknown[] } {
  const written: string[] = [];
  const logger = jsonLogger(level, { write: (line) => void written.push(line) });
  return { logger, lines: () => written.map((line): unknown => JSON.parse(line)) };
}

function readable(level: LogLevel = 'debug'): { logger: Logger; text: () => string } {
  let text = '';
  const now = () => new Date(2026, 0, 2, 3, 4, 5);
  const logger = readableLogger({ level, write: (line) => (text += line), style: (_colour, shown) => shown, now });
  return { logger, text: () => text };
}

it('writes one JSON object a line, with the fields of the log it came from', () => {
  const { logger, lines } = machineLog();
  logger.with({ job_id: 'j1', attempt: 2 }).info('job done', { duration_ms: 12 });
  expect(lines()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      job_id: 'j1',
      attempt: 2,
      duration_ms: 12,
      msg: 'job done',
    },
  ]);
});

it.each([
  ['error', 1],
  ['warn', 2],
  ['info', 3],
  ['debug', 4],
] as const)('tells at level %s what is as grave or graver', (level, count) => {
  const machine = machineLog(level);
  const person = readable(level);
  for (const { logger } of [machine, person]) {
    logger.error('a');
    logger.warn('b');
    logger.info('c');
    logger.debug('d');
  }
  expect(machine.lines()).toHaveLength(count);
  expect(person.text().trim().split('\n')).toHaveLength(count);
});

it('writes an error as kind, code, message and hint, and never its stack', () => {
  const { logger, lines } = machineLog();
  logger.error('it failed', { err: new TransshipError('denied', 'no', { hint: 'ask', details: { secret: 'x' } }) });
  logger.error('it failed', { err: new RangeError('too far') });
  expect(lines()).toMatchObject([
    { err: { kind: 'TransshipError', code: 'denied', message: 'no', hint: 'ask' } },
    { err: { kind: 'RangeError', message: 'too far' } },
  ]);
  expect(JSON.stringify(lines())).not.toMatch(/stack|details|\.ts:/);
});

it.each([
  ['a password in an address', 'https://user:hunter2-hunter2@example.com/'],
  ['a signed query', 'https://example.com/blob?X-Amz-Signature=hunter2-hunter2'],
  ['a bearer token', 'Bearer hunter2-hunter2-hunter2'],
  ['a named secret', 'password=hunter2-hunter2'],
  ['a token of GitHub', 'ghp_hunter2hunter2hunter2'],
])('takes out %s, wherever it stands', (_what, text) => {
  const { logger, lines } = machineLog();
  const person = readable();
  const fields = { reason: text, err: new Error(text), nested: { message: text, list: [text] } };
  for (const one of [logger, person.logger]) one.with({ always: text }).warn('trouble', fields);
  expect(JSON.stringify(lines())).not.toContain('hunter2-hunter2');
  expect(JSON.stringify(lines())).not.toContain('hunter2hunter2');
  expect(person.text()).not.toMatch(/hunter2-?hunter2/);
});

it('never writes a secret value', () => {
  const { logger, lines } = machineLog();
  logger.info('x', { key: new Secret('hunter2'), deep: { key: new Secret('hunter2') } });
  expect(lines()).toMatchObject([{ key: '[redacted]', deep: { key: '[redacted]' } }]);
});

it('leaves names and digests as they are', () => {
  const { logger, lines } = machineLog();
  const digest = `sha256:${'a'.repeat(64)}`;
  const fields = { source: 'ghcr.io/acme/app:1.0', target: `localhost:5000/app@${digest}`, digest };
  logger.info('target done', fields);
  expect(lines()).toMatchObject([fields]);
});

it('keeps a line one line, for machines and for people', () => {
  const { logger, text } = readable();
  logger.info('from outside', { reason: 'one\ntwo\u001b[31m', count: 3 });
  expect(text()).toBe('03:04:05 info  from outside  reason=one\\u{a}two\\u{1b}[31m  count=3\n');
});

it('tells people the message of an error and what to do', () => {
  const { logger, text } = readable();
  logger.error('it failed', { err: new TransshipError('denied', 'no entry', { hint: 'knock' }) });
  expect(text()).toContain('error it failed  err=no entry (knock)');
});
