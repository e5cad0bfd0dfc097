// The edge of the command line: what is thrown where nobody catches it, and where global options may stand.
import { expect, test } from 'vitest';
import { main } from '../../../infra/cli/main.ts';
import { TransshipError } from '../../../shared/errors.ts';
import { captureIo, type CapturedIo } from '../../support/captured-io.ts';

/** Lets a fault happen while `version` runs: it ends before its own work begins. */
async function runWithCrash(error: unknown, ...words: string[]) {
  const captured = captureIo();
  const io: CapturedIo = {
    ...captured,
    onCrash(listener) {
      const forget = captured.onCrash(listener);
      captured.crash(error);
      return forget;
    },
  };
  await main(words, io);
  return io;
}

test('what nobody caught is told in two lines, without a stack, and ends the process with 1', async () => {
  const io = await runWithCrash(new RangeError('index out of range'), 'version');
  expect(io.stderr.text()).toMatch(/^transship: unexpected error: index out of range\nhint: .*--log-level debug.*\n$/);
  expect(io.exits).toEqual([1]);
});

test('its stack and the stacks of its causes show with --log-level debug', async () => {
  const error = new Error('outer', { cause: new TransshipError('timeout', 'inner') });
  const io = await runWithCrash(error, 'version', '--log-level', 'debug');
  expect(io.stderr.text()).toMatch(/Error: outer\n {4}at [^]*caused by: TransshipError: inner\n {4}at /);
});

test('as JSON it has the code internal', async () => {
  const io = await runWithCrash('odd', '--json', 'version');
  expect(io.stdout.text()).toContain('{"type":"error","code":"internal","message":"unexpected error: odd"');
});

test('messages can not move the cursor', async () => {
  const io = await runWithCrash(new TransshipError('denied', 'no\u001b[2J\nmore', { hint: 'a\rb' }), 'version');
  expect(io.stderr.text()).toBe('transship: no\\u{1b}[2J\\u{a}more\nhint: a\\u{d}b\n');
});

test.each([[['--json', 'version']], [['version', '--json']], [['-q', 'version', '--json', '--log-level', 'info']]])(
  'global options stand before or after the command: %j',
  async (words) => {
    const io = captureIo();
    expect(await main(words, io)).toBe(0);
    expect(JSON.parse(io.stdout.text())).toMatchObject({
      type: 'report',
      version: expect.any(String),
      node: process.version,
    });
  },
);

test.each([
  ['copy', ['--platform-mode', '--on-conflict', '--dry-run', '--authfile']],
  ['inspect', ['--raw', '--json']],
  ['tags', ['--digests', '--ca-file']],
  ['demo', ['--keep']],
  ['completion', ['bash']],
  ['version', ['--json']],
])('%s --help names its options, and ends with examples and exit codes', async (command, options) => {
  const io = captureIo();
  expect(await main([command, '--help'], io)).toBe(0);
  const help = io.stdout.text();
  for (const option of options) expect(help).toContain(option);
  expect(help).toMatch(new RegExp(`\nExamples:\n  # .*\n  transship ${command}[^]*\nExit codes:\n    0  done`));
});

test('help is as wide as the terminal, also where a description has several lines', async () => {
  const io = captureIo({ isTTY: true, columns: 80 });
  expect(await main(['aws', 'init', '--help'], io)).toBe(0);
  const [, description = ''] = io.stdout.text().split('\n\n');
  const lines = description.split('\n');
  expect(lines.length).toBeGreaterThan(1);
  for (const [at, line] of lines.slice(0, -1).entries()) {
    const [next = ''] = lines[at + 1]?.split(' ') ?? [];
    expect(`${line} ${next}`.length).toBeGreaterThan(80);
  }
});
