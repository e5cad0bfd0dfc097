// What a run over the grants found and did, as plain data for people and machines.
import type { Verification } from './backend.ts';
import type { GrantChange } from './grant-change.ts';
import type { GrantStatus } from './grant-status.ts';
import type { GrantState } from './grants-state.ts';
import type { Target } from './site.ts';

export type GrantsReport = {
  at: Date;
  planHash: string;
  /** After the run. */
  grants: readonly GrantStatus[];
  /** What the run did, and what it could not do, in the order of the plan; entries that are as they should be are left out. */
  entries: readonly EntryReport[];
  /** What somebody must know at once: a foreign statement that got lost. */
  alarms: readonly string[];
  /** Calls of back ends: an idle run has no writes. */
  reads: number;
  writes: number;
  /**
   * When there is something to do again: at once what is not proven or may pass, else when the next grant begins or ends; absent: nothing
   * but the regular look.
   */
  nextAt?: Date;
};

export type EntryReport = {
  target: Target;
  key: string;
  /** `RoleBinding pull-grant-base`. */
  label: string;
  /** Sorted. */
  grants: readonly string[];
  op: GrantChange['op'];
  state: GrantState;
  /** It was written in this run. */
  isWritten: boolean;
  /** A run before this one was stopped while it wrote here, or did not learn what became of it: it was looked at. */
  wasInterrupted: boolean;
  verification?: Verification;
  problem?: { message: string; hint?: string };
};
