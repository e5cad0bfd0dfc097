// What people decide about grants, written into the journal: declared and withdrawn by the API, revoked, resumed, confirmed. Nothing is
// changed anywhere by it; the next run over the grants does that.
import type { PullGrant } from './grant.ts';
import type { GrantsRun } from './grants-run.ts';

/** The store, what the configuration declares, who asks, and the time. */
export type Decision = Pick<GrantsRun, 'store' | 'actor' | 'clock'> & { config: Pick<GrantsRun['config'], 'grants'> };

/** A grant by the API, new or changed; the same again changes nothing. @throws TransshipError conflict-refused where the configuration has the name */
export async function declareGrant(decision: Decision, grant: PullGrant): Promise<void> {
  throw new Error(`not yet ${decision.actor} ${grant.id}`);
}

/** @throws TransshipError not-found; conflict-refused for one of the configuration */
export async function withdrawGrant(decision: Decision, id: string): Promise<void> {
  throw new Error(`not yet ${decision.actor} ${id}`);
}

/** It outlives the declaration until that changes, or somebody resumes it. @throws TransshipError not-found */
export async function revokeGrant(decision: Decision, id: string, reason?: string): Promise<void> {
  throw new Error(`not yet ${decision.actor} ${id} ${reason}`);
}

/** Ends a revoke by hand; of one that is not revoked it changes nothing. @throws TransshipError not-found */
export async function resumeGrant(decision: Decision, id: string): Promise<void> {
  throw new Error(`not yet ${decision.actor} ${id}`);
}

/**
 * Accepts the namespaces and ServiceAccounts that a grant with `pin: uid` means now.
 * @returns the uids, by `confirmedKey`; empty where nothing had to be confirmed
 * @throws TransshipError not-found
 */
export async function confirmGrant(run: GrantsRun, id: string): Promise<Readonly<Record<string, string>>> {
  throw new Error(`not yet ${run.actor} ${id}`);
}
