// The port to the durable journal of grants and to what it adds up to. One contract suite (test/contract/grants) runs against every store.
import type { JournalLine } from './journal.ts';
import type { GrantsState } from './grants-state.ts';

export type StoredLine = { seq: number; line: JournalLine };

export type GrantStore = {
  /** Durable when it resolves, all lines or none. @throws TransshipError store-unavailable */
  append(lines: readonly JournalLine[]): Promise<void>;
  /** The sum of all lines. */
  state(): Promise<GrantsState>;
  /** Lines behind a sequence number, in order; of one grant where it is named. */
  lines(filter: { after?: number; grant?: string; limit: number }): Promise<StoredLine[]>;
  /** The sequence number of the last line; 0 where there is none. */
  last(): Promise<number>;
  /**
   * Whoever holds a target is the only one to write there, in every process that uses this store. False: somebody else holds it.
   * @param leaseMs after which it is free whatever happened
   */
  hold(targetKey: string, holder: string, leaseMs: number): Promise<boolean>;
  release(targetKey: string, holder: string): Promise<void>;
};
