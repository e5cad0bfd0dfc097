// What is wanted of a cluster: the rules, and for each registry what it takes to log in to it, as far as that was issued.
import type { Secret } from '../telemetry/secret.ts';
import type { CredentialRule } from './credential-rule.ts';

export type DesiredCredentials = {
  /** Whose objects are ours: the configuration's `instance`. */
  instance: string;
  /** In their order; those for other clusters may be among them. */
  rules: readonly CredentialRule[];
  /** By the name that the rules use. */
  registries: ReadonlyMap<string, DesiredRegistry>;
  /** Somebody asked for new ones: what is there counts as overdue, and what was issued is taken even where it ends sooner. */
  isForced?: boolean;
};

export type DesiredRegistry = {
  /** The issuer's id, and whatever else has to be distributed anew when it changes. No secret: its hash stands in the marks. */
  id: string;
  /** The keys of `auths` for it. */
  hosts: readonly string[];
  /** Look into the Secrets whatever their marks say: one that does not end by itself may have been changed where it is kept. */
  mustCompare?: boolean;
  /** Absent: nobody needed it. */
  outcome?: IssueOutcome;
};

export type IssueOutcome =
  | { kind: 'issued'; credential: FreshCredential }
  | { kind: 'failed'; message: string; hint?: string };

/** A credential that its registry accepts, as far as rules want that verified. Its times are spans, so that no two clocks are compared. */
export type FreshCredential = {
  username: string;
  secret: Secret;
  /** Since it was issued. */
  ageMs: number;
  /** From its issue to its end; absent: it does not end by itself. */
  lifeMs?: number;
};
