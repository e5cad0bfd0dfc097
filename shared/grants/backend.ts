// The port to what a registry, or a cluster, has for grants. `wanted` is pure and needs no connection; a site opens one for the rest.
// One contract suite (test/contract/grants) runs against every back end.
import type { PullGrant, Grantee, PullPart } from './grant.ts';
import type { AuditFinding } from './audit-finding.ts';
import type { ObservedTarget, Shortfall, WantedEntry } from './entry.ts';
import type { Json } from './canonical.ts';
import type { BackendKind, Site, Survey, Target } from './site.ts';

export type WantedRequest = {
  grant: PullGrant;
  /** Those of the grant that this site decides: at least one. */
  parts: readonly PullPart[];
  grantees: readonly Grantee[];
  site: Site;
  survey: Survey;
  /** Of the configuration: it is in the marks. */
  instance: string;
};

export type Wanted = { entries: readonly WantedEntry[]; shortfalls: readonly Shortfall[] };

export type WantedEntries = (request: WantedRequest) => Wanted;

/** What is to be written at one target; all at once, where the back end can. */
export type EntryChange =
  | { op: 'create'; wanted: WantedEntry }
  | { op: 'update'; wanted: WantedEntry; before: Json }
  | { op: 'adopt'; wanted: WantedEntry; before: Json }
  | { op: 'delete'; key: string; before: Json };

export type EntryOutcome = {
  key: string;
  /** `blocked`: the back end refuses this one, and the others are as they should be; the problem says who and why. */
  state: 'written' | 'unchanged' | 'blocked';
  problem?: { message: string; hint?: string };
  /** By which the provider's support finds the call. */
  requestId?: string;
};

export type WriteResult = {
  outcomes: readonly EntryOutcome[];
  /** What somebody must know at once: a foreign statement that got lost. */
  alarms: readonly string[];
};

export type Verification = {
  method: 'access-review' | 'probe' | 'read-back' | 'policy-evaluation' | 'none';
  answer: 'allowed' | 'denied' | 'unverifiable';
  at: Date;
  /** The words of whoever decided; why it cannot be told. */
  note?: string;
};

type Options = { signal?: AbortSignal };

export type SurveyOptions = Options & {
  /** Those that mean something here, whole, for who has to look at their grantees, too; absent: any may. */
  grants?: readonly PullGrant[];
  /** Few of the targets are looked at afterwards: those that one Namespace has to do with. */
  isNarrow?: boolean;
};

type WriteOptions = Options & {
  /** Deleted principals are taken out of entries of others, where the back end takes no write because of them. */
  prunesDead?: boolean;
};

/** All of it throws TransshipError as the calls of this vendor do; what may pass is `retryable`. */
export type GrantBackend = {
  readonly kind: BackendKind;
  /** @param parts what grants want here, so that no more is read than is needed */
  survey(parts: readonly PullPart[], options?: SurveyOptions): Promise<Survey>;
  observe(target: Target, options?: Options): Promise<ObservedTarget>;
  /** Targets where something has our mark, also if nobody remembers it; those that cannot be found without reading all are left out. */
  marked(options?: Options): Promise<readonly Target[]>;
  /**
   * On what was seen and no other: where that is outdated it reads again, and where an entry of ours is not as the change has it before,
   * @throws TransshipError object-conflict: plan anew. Nothing that is not ours is changed, but what `prunesDead` says.
   */
  write(observed: ObservedTarget, changes: readonly EntryChange[], options?: WriteOptions): Promise<WriteResult>;
  /**
   * Asks whoever decides, until the answer is as expected or the time that caches take is over.
   * @param entry as it was written, or as it was before it was deleted
   */
  verify(
    entry: { target: Target; key: string; content: Json },
    expected: 'allowed' | 'denied',
    options?: Options,
  ): Promise<Verification>;
  /** Everything that lets anybody pull here, ours or not. */
  audit(options?: Options): AsyncIterable<AuditFinding>;
  close?(): Promise<void>;
};
