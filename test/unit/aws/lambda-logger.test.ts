// The log of functions: one object a line, and nothing secret in it.
import { expect, test } from 'vitest';
import { lambdaLogger } from '../../../infra/aws/host/lambda-logger.ts';
import type { LogLevel } from '../../../infra/host/log/log-level.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { Secret } from '../../../shared/telemetry/secret.ts';

function bed(level: LogLevel = 'info') {
  const lines: string[] = [];
  let request = 'first';
  const logger = lambdaLogger({
    level,
    write: (line) => lines.push(line),
    about: () => ({ function: 'timers', stage: 'prod', aws_request_id: request }),
    now: () => new Date('2026-11-21T12:00:00Z'),
  });
  const told = () => lines.splice(0).map((line): unknown => JSON.parse(line));
  return { logger, lines, told, next: (id: string) => (request = id) };
}

test('a line names the function, the stage and the request that it belongs to', () => {
  const { logger, told, next } = bed();
  const log = logger.with({ job_id: 'j1' });
  log.info('done', { count: 1 });
  next('second');
  log.error('failed', { err: new TransshipError('denied', 'no', { hint: 'ask' }) });
  const common = { time: '2026-11-21T12:00:00.000Z', function: 'timers', stage: 'prod', job_id: 'j1' };
  expect(told()).toEqual([
    { level: 'info', ...common, aws_request_id: 'first', count: 1, msg: 'done' },
    {
      level: 'error',
      ...common,
      aws_request_id: 'second',
      err: { kind: 'TransshipError', code: 'denied', message: 'no', hint: 'ask' },
      msg: 'failed',
    },
  ]);
});

test.each([
  ['error', ['error']],
  ['warn', ['warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['debug', ['debug', 'info', 'warn', 'error']],
] as const)('the level %s tells %j', (level, expected) => {
  const { logger, told } = bed(level);
  for (const one of ['debug', 'info', 'warn', 'error'] as const) logger[one]('told');
  expect(told()).toEqual(expected.map((one) => expect.objectContaining({ level: one })));
});

test('secrets are none of it, and no line breaks it', () => {
  const { logger, lines } = bed();
  logger.info('a\nb', {
    secret: new Secret('hidden-value'),
    url: 'https://user:hidden-value@example.com/?token=hidden-value',
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('hidden-value');
  expect(lines[0]).not.toContain('\n');
});

test('a value that is no JSON takes no line with it', () => {
  const { logger, told } = bed();
  logger.warn('odd', { size: 1n });
  expect(told()).toEqual([expect.objectContaining({ level: 'warn', msg: 'odd' })]);
});
