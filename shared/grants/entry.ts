// What stands at a target and lets somebody pull: as it is wanted, and as it was seen.
import type { TransshipError } from '../errors.ts';
import type { Json } from './canonical.ts';
import type { Target } from './site.ts';

export type WantedEntry = {
  target: Target;
  /** Unique at the target. Entries that several grants share (a role for a member) have the same one, and the same content. */
  key: string;
  /** In the back end's words and in one form: equal canonical texts are equal access. No secret. */
  content: Json;
  /** Sorted. */
  grants: readonly string[];
  /** When the back end itself ends it; absent: our timer has to. */
  endsAt?: Date;
  /** Why it reaches further than a grant may without approval: "everybody at all", "every repository". */
  overbroad?: string;
  /** The uids of what a grant with `pin: uid` is bound to, by `namespace` or `namespace/serviceaccount`. */
  uids?: Readonly<Record<string, string>>;
};

/** Why a grant, or a part of it, has no entry. */
export type Shortfall = {
  grant: string;
  target: Target;
  state: 'Unsupported' | 'Pending' | 'Blocked';
  /** One line: what and why. */
  message: string;
  hint?: string;
};

export type ObservedEntry = {
  key: string;
  /** As `WantedEntry` has it. */
  content: Json;
  /**
   * `ours`: by its mark. `unmarked`: the back end has no room for a mark, and only the journal can say so. `foreign`: by its mark or the
   * want of one it is somebody else's.
   */
  owner: 'ours' | 'unmarked' | 'foreign';
  /** Foreign, and by its mark another instance's of Transship: nobody made it by hand, and it is not taken over. */
  isOtherInstance?: true;
  /** The grant that its mark names, where it does so in full. */
  grant?: string;
  /** Where its mark has no more of the grant than the `hash16` of its name. */
  grantHash?: string;
  /** What people know it by: `RoleBinding pull-grant-base`, `Sid PGk3…`. */
  label: string;
};

export type ObservedTarget = {
  target: Target;
  /** `missing`: the namespace or the repository is not there. `ending`: it is being removed. */
  state: 'there' | 'missing' | 'ending';
  /** Changes whenever anything that was seen does: an etag, a resourceVersion, a hash. */
  revision: string;
  entries: readonly ObservedEntry[];
  /** What the back end itself needs to write again what it has read. Nobody else looks into it. */
  document?: unknown;
};

/** A target that could not be read. */
export type UnreadTarget = { target: Target; error: TransshipError };

export function isRead(observed: ObservedTarget | UnreadTarget): observed is ObservedTarget {
  return !('error' in observed);
}
