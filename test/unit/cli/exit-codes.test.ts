// Exit codes that scripts rely on.
import { describe, expect, test } from 'vitest';
import { copyExitCode } from '../../../infra/cli/copy-outcome.ts';
import { exitCodeOf } from '../../../infra/cli/exit-codes.ts';
import type { Problem, TargetState } from '../../../shared/mirror/copy-types.ts';
import { TransshipError, type ErrorCode } from '../../../shared/errors.ts';

describe('the exit code of an error', () => {
  test.each<[ErrorCode, number]>([
    ['invalid-usage', 2],
    ['invalid-reference', 2],
    ['invalid-credential-file', 2],
    ['not-found', 1],
    ['unauthorized', 1],
    ['digest-mismatch', 1],
    ['conflict-refused', 4],
    ['tag-immutable', 4],
    ['interrupted', 130],
    ['internal', 1],
  ])('%s gives %d', (code, exitCode) => {
    expect(exitCodeOf(new TransshipError(code, 'x'))).toBe(exitCode);
  });

  test('what was not thrown on purpose gives 1', () => {
    expect(exitCodeOf(new RangeError('x'))).toBe(1);
    expect(exitCodeOf('x')).toBe(1);
  });
});

describe('the exit code of a copy', () => {
  test.each<[string, TargetState[], number]>([
    ['everything done', ['copied', 'unchanged', 'planned'], 0],
    ['all failed', ['failed', 'failed'], 1],
    ['some failed', ['copied', 'failed'], 3],
    ['some refused', ['unchanged', 'refused'], 3],
    ['all refused', ['refused', 'refused'], 4],
    ['none done, for different reasons', ['refused', 'failed'], 1],
    ['no targets', [], 0],
  ])('%s', (_name, states, exitCode) => {
    expect(copyExitCode(states.map((state) => ({ state })))).toBe(exitCode);
  });

  test('an interrupted target makes it 130', () => {
    const error: Problem = { code: 'interrupted', message: 'interrupted' };
    expect(copyExitCode([{ state: 'copied' }, { state: 'failed', error }])).toBe(130);
  });
});
