// Keeps the lease of a running job by heartbeats, and turns what can end the run into two signals: one that asks for a safe point,
// and one, later or at once when the lease is lost, that allows nothing more.
import { TransshipError, isTransshipError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Beat, JobStore } from './job-store.ts';
import type { Lease } from './job.ts';
import type { Json } from './json.ts';

export type HeldLease = {
  ending: AbortSignal;
  signal: AbortSignal;
  /** @throws TransshipError fence-lost */
  beat: () => Promise<void>;
  /** @throws TransshipError fence-lost */
  checkpoint: (state: Json) => Promise<void>;
  isLost(): boolean;
  /** Ends the heartbeats. */
  release(): void;
};

export type LeaseTimes = {
  /** How long a slice lasts; absent: until the job is done. */
  sliceMs?: number;
  /** How long a safe point is waited for, once the process stops or the job is cancelled. */
  graceMs: number;
};

/** Three heartbeats may fail before the lease expires. */
const BEATS_PER_LEASE = 4;

export function holdLease(
  store: JobStore,
  clock: Clock,
  lease: Lease,
  times: LeaseTimes,
  stop: AbortSignal,
): HeldLease {
  const ending = new AbortController();
  const hard = new AbortController();
  const timers = new Set<() => void>();
  let isLost = false;
  let isReleased = false;

  function after(ms: number, callback: () => void): void {
    // a heartbeat under way may come back after the end
    if (isReleased) return;
    const callOff = clock.after(ms, () => {
      timers.delete(callOff);
      callback();
    });
    timers.add(callOff);
  }

  function endSoon(why: string): void {
    ending.abort(new TransshipError('interrupted', why));
    after(times.graceMs, () => hard.abort(new TransshipError('interrupted', why)));
  }

  async function guarded(write: () => Promise<Beat>): Promise<void> {
    try {
      const { cancelRequested } = await write();
      if (cancelRequested && !ending.signal.aborted) endSoon('the job was cancelled');
    } catch (error) {
      if (!isTransshipError(error, 'fence-lost')) throw error;
      isLost = true;
      ending.abort(error);
      hard.abort(error);
      throw error;
    }
  }

  const beat = (): Promise<void> => guarded(() => store.heartbeat(lease));

  /** A store that fails for a while is asked again; the lease may outlast that. */
  function beatLater(): void {
    after(lease.leaseMs / BEATS_PER_LEASE, () => {
      if (isLost) return;
      beat().then(beatLater, beatLater);
    });
  }

  const onStop = (): void => endSoon('the process stops');
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });
  if (times.sliceMs !== undefined) {
    after(times.sliceMs, () => ending.abort(new TransshipError('interrupted', 'the slice is over')));
  }
  beatLater();

  return {
    ending: ending.signal,
    signal: hard.signal,
    beat,
    checkpoint: (state) => guarded(() => store.checkpoint(lease, state)),
    isLost: () => isLost,
    release() {
      isReleased = true;
      stop.removeEventListener('abort', onStop);
      for (const callOff of timers) callOff();
      timers.clear();
    },
  };
}
