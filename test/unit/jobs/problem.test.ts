// What a job keeps of a failure.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TransshipError } from '../../../shared/errors.ts';
import { boundedProblem, problemOf } from '../../../shared/jobs/problem.ts';
import { newJobId } from '../../../shared/jobs/job-id.ts';

test('keeps code, message and hint of our own errors', () => {
  const error = new TransshipError('denied', 'r.example refused', { hint: 'log in' });
  expect(problemOf(error)).toEqual({ code: 'denied', message: 'r.example refused', hint: 'log in' });
});

test.each([
  [new TypeError('x is not a function'), 'x is not a function'],
  ['text', 'text'],
  [undefined, 'undefined'],
])('calls anything else internal: %s', (thrown, message) => {
  expect(problemOf(thrown)).toEqual({ code: 'internal', message });
});

test('takes out what looks like a secret, also of a hint', () => {
  const hint = 'try https://r.example/v2/?X-Amz-Signature=hunter2';
  const error = new TransshipError('timeout', 'GET https://user:hunter2@r.example failed', { hint });
  expect(JSON.stringify(problemOf(error))).not.toContain('hunter2');
});

test('is never longer than 2 KiB, whatever was thrown', () => {
  const text = fc.string({ unit: 'binary', maxLength: 3000 });
  fc.assert(
    fc.property(text, text, (message, hint) => {
      const thrown = new TransshipError('internal', message, { hint });
      for (const problem of [problemOf(thrown), boundedProblem({ code: 'internal', message, hint })]) {
        expect(Buffer.byteLength(JSON.stringify(problem))).toBeLessThanOrEqual(2048);
      }
    }),
  );
});

test('gives ids that sort by time and are UUIDs of version 7', () => {
  const ids = [0, 1, 1_000_000, 2_000_000_000_000].map((ms) => newJobId(new Date(ms)));
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
