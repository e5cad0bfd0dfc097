// One thing that lets somebody pull: a binding, a statement, a role assignment, a member.
import type { Grantee, PullPart } from './grant.ts';
import type { Target } from './site.ts';

export type AuditFinding = {
  target: Target;
  /** `RoleBinding by-hand`, `ClusterRoleBinding all-pull`, `Sid Partners`. */
  object: string;
  /** As people name them: `ServiceAccount my-ns/default`, `everybody who is logged in`. */
  who: readonly string[];
  /** `every image`, `shared-ns`, `team-a/app`. */
  what: string;
  /** RFC 3339; absent: no end. */
  until?: string;
  /**
   * `platform`: the platform's own, to be left alone. `adoptable`: a grant could say the same, see `asGrant`. `over-broad`: everybody,
   * every image, or more than pulling.
   */
  class: 'ours' | 'platform' | 'adoptable' | 'foreign' | 'over-broad';
  /** Our grant, where it is ours. */
  grant?: string;
  /** What is striking about it: `wildcard resource`, `the ServiceAccount is not there`. */
  flags: readonly string[];
  /** Whether it lets them pull hangs on what was not looked at: a condition, a Deny beside it, what a role allows. */
  isUncertain?: true;
  /** What `grants import` makes of an adoptable one. */
  asGrant?: { grantees: readonly Grantee[]; what: readonly PullPart[] };
};
