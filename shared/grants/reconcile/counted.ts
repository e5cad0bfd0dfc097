// Counts what is asked of a back end, and what is written.
import type { GrantBackend } from '../backend.ts';

export type Calls = { reads: number; writes: number };

export function counted(backend: GrantBackend, calls: Calls): GrantBackend {
  const read = (): void => {
    calls.reads += 1;
  };
  return {
    ...backend,
    survey(...args) {
      read();
      return backend.survey(...args);
    },
    observe(...args) {
      read();
      return backend.observe(...args);
    },
    marked(...args) {
      read();
      return backend.marked(...args);
    },
    verify(...args) {
      read();
      return backend.verify(...args);
    },
    audit(...args) {
      read();
      return backend.audit(...args);
    },
    write(...args) {
      calls.writes += 1;
      return backend.write(...args);
    },
  };
}
