// Whether a declared grant is to hold now, and if not, why: before its time, past it, or taken back.
import type { PullGrant } from './grant.ts';
import type { Why } from './grant-change.ts';
import type { GrantsState } from './grants-state.ts';
import { overbroadReasons } from './overbroad.ts';
import { declarationSha } from './plan-hash.ts';

/** Clocks of hosts differ by up to this much. */
const SKEW_MS = 60_000;

export type Standing =
  | {
      holds: true;
      /** It has ended, and is declared to stay where no back end ends it. */
      ended?: string;
    }
  | { holds: false; state: 'Pending' | 'Expired' | 'Revoked'; why: Why; message: string; hint?: string };

/** A revoke by hand comes before all: it holds until the declaration is another one. */
export function standingOf(grant: PullGrant, state: GrantsState, now: Date): Standing {
  const record = state.grants.get(grant.id);
  if (record?.revoked?.declarationSha === declarationSha(grant)) {
    const { by, at, reason } = record.revoked;
    const message = `revoked by ${by} at ${at.toISOString()}${reason === undefined ? '' : `: ${reason}`}`;
    const hint = `\`transship grants resume ${grant.id}\` gives it again; so does a changed declaration`;
    return { holds: false, state: 'Revoked', why: 'revoked', message, hint };
  }
  if (grant.origin === 'store' && record?.isWithdrawn === true) {
    return { holds: false, state: 'Revoked', why: 'withdrawn', message: 'withdrawn' };
  }
  if (hasEnded(grant, state, now) && grant.onExpiry === 'revoke') return expired(grant);
  if (grant.notBefore !== undefined && now < grant.notBefore) {
    const message = `it begins at ${grant.notBefore.toISOString()}`;
    return { holds: false, state: 'Pending', why: 'changed', message };
  }
  const reasons = overbroadReasons(grant);
  if (reasons.length === 0 || grant.approvedBy !== undefined) return running(grant, state, now);
  return { holds: false, why: 'changed', ...unapproved(reasons.join(' and ')) };
}

type Waiting = { state: 'Pending'; message: string; hint: string };

const APPROVE = 'name who approved it in `approvedBy`, or narrow it';

/** Whether by its declaration or by what a back end makes of it, whoever reaches so far needs somebody who approves of it. */
export function unapproved(reason: string): Waiting {
  return { state: 'Pending', message: `it reaches ${reason}, and nobody approved that`, hint: APPROVE };
}

export function isUnapproved({ hint }: { hint?: string }): boolean {
  return hint === APPROVE;
}

/** Approved, and what it reaches is given only by somebody who says so: no timer does. */
export function givenByHand(reason: string): Waiting {
  return {
    state: 'Pending',
    message: `it reaches ${reason}, and is given only by hand`,
    hint: 'run `transship grants apply --allow-overbroad` once',
  };
}

function running(grant: PullGrant, state: GrantsState, now: Date): Standing {
  if (!hasEnded(grant, state, now)) return { holds: true };
  return { holds: true, ended: `${endOf(grant)}, and stays because of \`onExpiry: warn\`` };
}

function expired(grant: PullGrant): Standing {
  const hint = 'declare a later end to give it again';
  return { holds: false, state: 'Expired', why: 'expired', message: endOf(grant), hint };
}

function endOf({ expiresAt }: PullGrant): string {
  return `it ended at ${expiresAt?.toISOString() ?? 'its time'}`;
}

/** What one host has ended, another one whose clock is late does not give again. */
function hasEnded({ id, expiresAt }: PullGrant, state: GrantsState, now: Date): boolean {
  if (expiresAt === undefined || now.getTime() < expiresAt.getTime() - SKEW_MS) return false;
  if (now >= expiresAt) return true;
  const declaredAt = state.grants.get(id)?.declaredAt ?? new Date(0);
  return [...state.entries.values()].some(
    ({ state: entry, grants, changedAt }) => entry === 'Expired' && grants.includes(id) && changedAt >= declaredAt,
  );
}
