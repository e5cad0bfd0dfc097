// How a sweep ends from what went wrong in it.
import { describe, expect, it } from 'vitest';
import { sweepFailure } from '../../../functions/sync-mirrors/sweep-end.ts';

const problem = (code: string) => ({ code, message: `${code} it is`, hint: 'mend it' });
const counts = { repositories: 3, tags: 10, failed: 1 };

describe('a sweep', () => {
  it.each(['connection-failed', 'timeout', 'too-many-requests', 'registry-unavailable'])(
    'is tried again where something failed that may pass: %s',
    (code) => {
      const problems = [problem('denied'), problem(code)];
      expect(sweepFailure('base', problems, counts)).toMatchObject({
        code: 'copy-failed',
        retryable: true,
        message: `rule base could not be compared as a whole: ${code} it is`,
        hint: 'mend it',
      });
    },
  );

  it('is done where only failed what stays as it is, and where something was refused', () => {
    expect(sweepFailure('base', [problem('not-found'), problem('denied')], counts)).toBeUndefined();
    expect(sweepFailure('base', [problem('conflict-refused')], { ...counts, failed: 0 })).toBeUndefined();
    expect(sweepFailure('base', [], { repositories: 0, tags: 0, failed: 0 })).toBeUndefined();
  });

  it('is tried again where nothing could be compared, whatever the reason', () => {
    const nothing = { repositories: 2, tags: 0, failed: 2 };
    expect(sweepFailure('base', [problem('not-found')], nothing)).toMatchObject({ retryable: true });
  });
});
