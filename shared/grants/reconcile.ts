// Makes the grants hold: looks at what they mean and what is there, plans, writes what differs, and has it proven.
import type { GrantPlan } from './grant-change.ts';
import type { PullGrant } from './grant.ts';
import type { GrantStatus } from './grant-status.ts';
import type { GrantsReport } from './grants-report.ts';
import type { GrantsRun } from './grants-run.ts';
import type { MergedEntry } from './merge-entries.ts';

export type PreparedGrants = {
  plan: GrantPlan;
  /** As the plan has them: what it would do counts. */
  statuses: readonly GrantStatus[];
  /** The grants of the configuration and those by the API. */
  desired: readonly PullGrant[];
  /** By `entryKey`. */
  wanted: ReadonlyMap<string, MergedEntry>;
  /** Calls of back ends. */
  reads: number;
};

export type ApplyOptions = {
  /** Everything is read again; if another plan comes of it, nothing is written. */
  planHash?: string;
  /**
   * Changes that let in everybody, or open every repository: `refuse` writes nothing at all, `skip` writes all others, which is for runs
   * that nobody watches.
   */
  overbroad: 'allow' | 'refuse' | 'skip';
};

/** What would be done; it only reads. @throws TransshipError store-unavailable */
export async function prepareGrants(run: GrantsRun): Promise<PreparedGrants> {
  throw new Error(`not yet ${run.actor}`);
}

/**
 * Reads, plans and applies. What goes wrong with one grant, target or site is in the report, and the others go on.
 * @throws TransshipError plan-changed; grant-refused for what needs the flag; store-unavailable
 */
export async function applyGrants(run: GrantsRun, options: ApplyOptions): Promise<GrantsReport> {
  throw new Error(`not yet ${run.actor} ${options.overbroad}`);
}
