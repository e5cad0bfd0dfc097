// Passes changes of jobs on to whoever listens at the moment.
import type { JobChange } from '../../../shared/jobs/job-store.ts';

type Listener = (change: JobChange) => void;

export type JobNews = {
  tell: Listener;
  /** Calls the listener until the result is called. */
  listen: (listener: Listener) => () => void;
};

export function jobNews(): JobNews {
  const listeners = new Set<Listener>();
  return {
    tell(change) {
      for (const listener of listeners) listener(change);
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
