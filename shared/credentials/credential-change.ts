// What is to be done in a cluster so that its namespaces hold what the rules want: plain data, in the order in which it is done.
import type { Secret } from '../telemetry/secret.ts';
import type { SecretMarks } from './secret-marks.ts';

/** The place of a change; `rule` is a name from the configuration, or the label of a rule that is no longer there. */
export type Place = { cluster: string; namespace: string; namespaceUid: string; rule: string };

/**
 * A Secret is deleted only after no ServiceAccount names it: where a detachment fails, the deletion behind it waits for another run.
 * A resourceVersion is that of the observation: of several changes of one ServiceAccount it holds for the first one.
 */
export type CredentialChange = Place &
  (
    | {
        kind: 'attach-reference' | 'detach-reference';
        serviceAccount: string;
        uid: string;
        resourceVersion: string;
        /** The names that come into its `imagePullSecrets`, or go from it; everything else in it stays, in its order. */
        secrets: readonly string[];
      }
    | { kind: 'create-secret'; secret: string; content: Secret; marks: SecretMarks }
    | {
        kind: 'update-secret';
        secret: string;
        uid: string;
        resourceVersion: string;
        content: Secret;
        marks: SecretMarks;
        /** For people: which hosts come, change or go; never a value. */
        difference: readonly string[];
      }
    /** Ours go out of a Secret that holds hosts of others: the new content, without our marks. */
    | {
        kind: 'release-secret';
        secret: string;
        uid: string;
        resourceVersion: string;
        content: Secret;
        difference: readonly string[];
      }
    | { kind: 'delete-secret'; secret: string; uid: string; resourceVersion: string }
    /** Ours, no rule wants it any more, and none said `prune`: it stays, and is not refreshed. */
    | { kind: 'left-behind'; secret: string; message: string; hint: string }
    /** Nothing can be done; each run looks again. */
    | { kind: 'conflict'; reason: ConflictReason; object: string; message: string; hint: string }
    /** A registry's credential could not be had: what is there stays. */
    | { kind: 'degraded'; registry: string; message: string; hint?: string }
  );

export type ConflictReason =
  | 'foreign'
  | 'wrong-type'
  | 'immutable'
  | 'unparsable'
  | 'host-taken'
  | 'too-large'
  /** Its content had to be known and was not read. */
  | 'unread';
