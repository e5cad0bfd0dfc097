// How a mirror job ends, from what became of its targets.
import { describe, expect, it } from 'vitest';
import { mirrorFailure } from '../../../functions/mirror-image/mirror-end.ts';
import { TransshipError, type ErrorCode } from '../../../shared/errors.ts';
import type { CopyReport, TargetState } from '../../../shared/mirror/copy-types.ts';

function reportOf(...states: TargetState[]): CopyReport {
  const targets = states.map((state, index) => ({
    reference: `registry.example.com/${index}:v1`,
    state,
    blobs: { copied: 0, mounted: 0, existing: 0 },
    bytesMoved: 0,
    bytesSaved: 0,
    requests: 0,
    durationMs: 0,
    referrers: 0,
  }));
  return { source: { reference: 'source.example.com/app:v1', requests: 1 }, targets };
}

const error = (code: ErrorCode, fields = {}) => new TransshipError(code, `it is ${code}`, fields);
const failure = (states: TargetState[], errors: [number, unknown][]) =>
  mirrorFailure(reportOf(...states), new Map(errors));

describe('a mirror job', () => {
  it('is done where all is there or refused by policy', () => {
    expect(failure(['copied', 'unchanged'], [])).toBeUndefined();
    expect(failure(['copied', 'refused'], [[1, error('conflict-refused')]])).toBeUndefined();
  });

  it.each(['connection-failed', 'upload-lost', 'blob-unknown', 'internal'] as const)(
    'is tried again after %s',
    (code) => {
      expect(failure(['failed'], [[0, error(code)]])).toMatchObject({
        code,
        retryable: true,
        message: `it is ${code}`,
      });
    },
  );

  it('is tried again after what nobody expected', () => {
    expect(failure(['failed'], [[0, new Error('oops')]])).toMatchObject({ code: 'internal', retryable: true });
  });

  it.each(['denied', 'unauthorized', 'digest-mismatch', 'invalid-manifest'] as const)(
    'is given up after %s',
    (code) => {
      expect(failure(['failed'], [[0, error(code)]])).toMatchObject({ code, retryable: false });
    },
  );

  it('is tried again where a registry finds another digest in what it was sent: that was right when it left', () => {
    const misread = error('digest-mismatch', {
      details: { operation: 'write manifest v1', method: 'PUT', status: 400 },
    });
    expect(failure(['failed'], [[0, misread]])).toMatchObject({ code: 'digest-mismatch', retryable: true });
  });

  it('is tried again as long as one target may still succeed, and tells that one', () => {
    const down = error('registry-unavailable', { retryable: true, hint: 'later' });
    expect(
      failure(
        ['failed', 'failed', 'copied'],
        [
          [0, error('denied')],
          [1, down],
        ],
      ),
    ).toMatchObject({
      code: 'registry-unavailable',
      retryable: true,
      hint: 'later',
      message: '2 of 3 targets failed; it is registry-unavailable',
    });
  });

  it('waits as long as the target that wants the longest wait', () => {
    const busy = (retryAfterMs: number) => error('too-many-requests', { retryable: true, retryAfterMs });
    expect(
      failure(
        ['failed', 'failed'],
        [
          [0, busy(5)],
          [1, busy(9)],
        ],
      ),
    ).toMatchObject({ retryAfterMs: 9 });
  });
});
