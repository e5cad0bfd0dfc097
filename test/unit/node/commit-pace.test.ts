// When commits happen: a single write is not kept waiting, a lasting load is.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { commitPace } from '../../../infra/node/sqlite/commit-pace.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setImmediate', 'setTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Commits one after the other, as fast as the pace lets them; gives how many there were. */
function commitFor(ms: number, pace: (commit: () => void) => void): number {
  const endMs = performance.now() + ms;
  let commits = 0;
  const next = (): void => {
    commits += 1;
    if (performance.now() < endMs) pace(next);
  };
  pace(next);
  vi.advanceTimersByTime(ms);
  return commits;
}

it('commits in a later turn, at once', () => {
  const commit = vi.fn<() => void>();
  commitPace()(commit);
  expect(commit).not.toHaveBeenCalled();
  vi.advanceTimersByTime(0);
  expect(commit).toHaveBeenCalledOnce();
});

it('keeps some hundreds of commits in a row from waiting', () => {
  const pace = commitPace();
  for (let count = 0; count < 300; count += 1) {
    const commit = vi.fn<() => void>();
    pace(commit);
    vi.advanceTimersByTime(0);
    expect(commit).toHaveBeenCalledOnce();
  }
});

it('holds a steady pace under a load that lasts, and forgets it after a pause', () => {
  const pace = commitPace();
  commitFor(1000, pace);
  const perSecond = commitFor(1000, pace);
  expect(perSecond).toBeGreaterThan(300);
  expect(perSecond).toBeLessThan(350);
  vi.advanceTimersByTime(1000);
  const commit = vi.fn<() => void>();
  pace(commit);
  vi.advanceTimersByTime(0);
  expect(commit).toHaveBeenCalledOnce();
});
