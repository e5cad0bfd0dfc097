// How the time of one invocation is shared out. What is under way when it ends would stand still, with its lease, until the process is
// thawed for another one, or for ever: so everything has to be over before.
//
//   0 ──── last claim ─────── slice over ──── stop ──── nothing more ──── end
//           35 %               70 %           85 %        92.5 %          100 %

export type InvocationTimes = {
  /** Since its start: until then a job is taken, so that it has half a slice at least. */
  lastClaimMs: number;
  /** Then each job is asked for a safe point, and goes on in another invocation. */
  sliceMs: number;
  /** Then the process stops for those that have not reached one. */
  stopMs: number;
  /** So long after that the jobs may have effects. */
  graceMs: number;
  /** Something still runs, and the function will be killed. */
  hangsMs: number;
};

/** @param remainingMs that the invocation has when it starts */
export function invocationTimes(remainingMs: number): InvocationTimes {
  return {
    lastClaimMs: remainingMs * 0.35,
    sliceMs: remainingMs * 0.7,
    stopMs: remainingMs * 0.85,
    graceMs: remainingMs * 0.075,
    hangsMs: remainingMs * 0.97,
  };
}
