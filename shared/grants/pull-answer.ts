// The answer to whether somebody may pull an image: by whom it was decided, why, what lets them, and what would.
import type { Verification } from './backend.ts';
import type { AuditFinding } from './audit-finding.ts';
import type { Grantee, PullPart } from './grant.ts';

export type PullAnswer = {
  /** `unserved`: the registry asks its cluster about something that nothing there serves. `unknown`: nobody could tell. */
  answer: 'yes' | 'no' | 'unserved' | 'unknown';
  /** `ServiceAccount my-ns/default`. */
  subject: string;
  /** In full. */
  image: string;
  /** `cluster prod-eu`, or the registry. */
  decidedBy: string;
  method: Verification['method'];
  /** One line. */
  why: string;
  /** What lets them pull, as far as that may be read. */
  by: readonly AuditFinding[];
  /** What else somebody should know. */
  notes: readonly string[];
  /** How to mend it. */
  hint?: string;
  /** The grant that would let them. */
  remedy?: { grantees: readonly Grantee[]; what: readonly PullPart[] };
};
