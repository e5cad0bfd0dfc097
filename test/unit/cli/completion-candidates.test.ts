// What is offered at Tab, for every place on a command line.
import { expect, test } from 'vitest';
import { candidatesFor } from '../../../infra/cli/completion/candidates.ts';
import { buildProgram } from '../../../infra/cli/program.ts';
import { captureIo } from '../../support/captured-io.ts';

const program = await buildProgram(captureIo(), () => Promise.resolve());

function texts(...words: string[]): readonly string[] | 'files' {
  const answer = candidatesFor(program, words);
  return answer === 'files' ? answer : answer.map(({ text }) => text);
}

test.each<[string, string[], readonly string[] | 'files']>([
  ['commands', ['co'], ['copy', 'config', 'completion']],
  ['commands after global options and their values', ['--log-level', 'debug', '-q', 'ta'], ['tags']],
  ['the values of an option', ['copy', '--on-conflict', ''], ['overwrite', 'refuse', 'backup']],
  ['the values of an option that have begun', ['copy', '--platform-mode', 're'], ['rewrite']],
  ['the values of an option after =', ['copy', '--platform-mode=s'], ['--platform-mode=sparse']],
  ['the values of an option after = as bash splits it', ['copy', '--platform-mode', '=', 'k'], ['keep']],
  ['the values of an option right after = in bash', ['copy', '--log-level', '='], ['error', 'warn', 'info', 'debug']],
  [
    'options of the command and global ones',
    ['copy', 'a', 'b', '--p'],
    ['--platform', '--platform-mode', '--plain-http'],
  ],
  ['global options only where the command has none', ['version', '--q'], ['--quiet']],
  ['files where a file is expected', ['copy', '--authfile', '/et'], 'files'],
  ['files after =', ['--ca-file=/et'], 'files'],
  ['the values of an argument', ['completion', 'z'], ['zsh']],
  ['nothing where there is nothing to know', ['copy', 'alp'], []],
  ['nothing for unknown options', ['copy', '--nonsense=x'], []],
  ['no options after --', ['copy', '--', '--pl'], []],
  ['the topics of help', ['help', 'x'], []],
])('completes %s', (_name, words, expected) => {
  expect(texts(...words)).toEqual(expected);
});

test('never offers the hidden command that answers', () => {
  expect(texts('')).not.toContain('__complete');
  expect(texts('__')).toEqual([]);
});
