// The documentation can't drift: its command lines are parsed by the CLI, its links lead somewhere, and it knows every error code.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommanderError, type Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { readReferences, readRepositories, readTerms, type CopyOptions } from '../../infra/cli/copy-request.ts';
import { exitCodeOf } from '../../infra/cli/exit-codes.ts';
import { buildProgram } from '../../infra/cli/program.ts';
import { TransshipError, type ErrorCode } from '../../shared/errors.ts';
import { parseReference, parseRepository } from '../../shared/oci/reference.ts';
import { captureIo } from '../support/captured-io.ts';
import { anchorsIn, commandsIn, linksIn, readPages, ROOT } from '../support/documentation.ts';

const pages = readPages();
const commandLines = pages.flatMap((page) =>
  commandsIn(page)
    .filter(([program]) => program === 'transship')
    .map(([, ...words]) => ({ page: page.path, line: words.join(' '), words })),
);

/** Parses a command line as the CLI does, and reads its references, but runs nothing. */
async function parse(words: readonly string[]): Promise<void> {
  const program = await buildProgram(captureIo(), async () => undefined);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    throw error;
  }
  const command = program.commands.find((one) => one.name() === program.args[0]);
  if (command !== undefined) readArguments(command);
}

function readArguments(command: Command): void {
  const [first = '', ...rest] = command.args;
  if (command.name() === 'inspect') parseReference(first);
  if (command.name() === 'tags') parseRepository(first);
  if (command.name() !== 'copy') return;
  const options = command.opts<CopyOptions>();
  readTerms(options);
  if (options.allTags) readRepositories(first, rest);
  else readReferences(first, rest);
}

describe('command lines', () => {
  test('there are many of them', () => {
    expect(commandLines.length).toBeGreaterThan(20);
  });

  test.each(commandLines)('$page: transship $line', async ({ words }) => {
    await expect(parse(words)).resolves.toBeUndefined();
  });

  test.each(['copy a:1 b:1 --on-conflct refuse', 'cpoy a:1 b:1', 'copy a:1', 'copy a:1 B:1', 'copy --all-tags a:1 b'])(
    'a wrong one is noticed: %s',
    async (line) => {
      await expect(parse(line.split(' '))).rejects.toThrow(TransshipError);
    },
  );

  test('every npm script they call is there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const called = pages.flatMap(commandsIn).filter(([program, verb]) => program === 'npm' && verb === 'run');
    expect(called.length).toBeGreaterThan(0);
    for (const [, , name = ''] of called) expect(Object.keys(scripts)).toContain(name);
  });

  test('comments, pipes and quotes are understood', () => {
    const text = '```sh\n# no\na "b c" \\\n  d | e # no\nf && g\n```\n```json\nh\n```\n';
    expect(commandsIn({ text })).toEqual([['a', 'b c', 'd'], ['e'], ['f'], ['g']]);
  });
});

test.each(pages)('$path: every link leads somewhere', (page) => {
  expect(linksIn(page).filter((link) => !leadsSomewhere(link, page.path))).toEqual([]);
});

function leadsSomewhere(link: string, from: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = join(ROOT, path === '' ? from : join(dirname(from), path));
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsIn({ text: readFileSync(target, 'utf8') }).includes(anchor);
}

describe('troubleshooting', () => {
  const text = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
  const documented = text.split(/^## /m).flatMap((section) => {
    const exitOfSection = /^.*exit code (\d+)/.exec(section)?.[1];
    return [...section.matchAll(/^\| *`([a-z-]+)` *\| *(\d*)/gm)].map(([, code = '', exit]) => ({
      code,
      exit: Number(exitOfSection ?? exit),
    }));
  });

  test('has every error code, once, and no other', () => {
    const errors = readFileSync(join(ROOT, 'shared/errors.ts'), 'utf8');
    const [, union = ''] = /type ErrorCode =(.*?);/s.exec(errors) ?? [];
    const codes = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code);
    expect(codes.length).toBeGreaterThan(20);
    expect(documented.map(({ code }) => code).toSorted(inOrder)).toEqual(codes.toSorted(inOrder));
  });

  test.each(documented)('$code ends with exit code $exit', ({ code, exit }) => {
    expect(exitCodeOf(new TransshipError(code as ErrorCode, 'x'))).toBe(exit);
  });
});

function inOrder(one: string, other: string): number {
  return one.localeCompare(other);
}
