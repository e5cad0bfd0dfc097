// What every failure of a copy must say: where, what, and how to mend it.
import { expect } from 'vitest';
import type { CopyRun } from './copy-run.ts';

/** Fails unless the problem names the registry, a repository, an operation in words and a hint, on one line without inner names. */
export function expectClearProblem(problem: CopyRun['problem'], registry: string): void {
  expect(problem).toMatchObject({
    registry,
    repository: expect.stringMatching(/^[a-z]+\/app$/),
    operation: expect.stringMatching(/\w+ \w+/),
    hint: expect.stringMatching(/\w+ \w+/),
  });
  expect(problem?.message).toContain(registry);
  expect(problem?.message).not.toMatch(/undefined|\[object|UND_ERR|\n/);
}
