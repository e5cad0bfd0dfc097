// When the next commit is: in the same turn for single writes, and at a steady pace while they come all the time. A flush to disk costs
// as much as several writes, so those that come within a moment of each other share one.

/** A write waits no longer for others. */
const PACE_MS = 3;
/** So many commits may come close together before the pace holds: only a lasting load is worth it, and nobody else is kept waiting. */
const BURST = 300;

/** Calls the commit when its time has come, in a later turn of the event loop. */
export type CommitPace = (commit: () => void) => void;

export function commitPace(): CommitPace {
  let dueMs = Number.NEGATIVE_INFINITY;
  return (commit) => {
    const nowMs = performance.now();
    dueMs = Math.max(dueMs, nowMs - BURST * PACE_MS) + PACE_MS;
    if (dueMs <= nowMs) setImmediate(commit);
    else setTimeout(commit, dueMs - nowMs);
  };
}
