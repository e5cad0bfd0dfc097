// What a Namespace still holds of ours that no rule wants there any more: its rule is gone, selects other Namespaces, or calls its
// Secrets by other names.
import { labelValue } from '../cluster/label-value.ts';
import type { Claim } from './claim.ts';
import type { DesiredCredentials } from './desired.ts';
import type { ObservedNamespace, ObservedSecret } from './observed.ts';
import { isOfInstance, readMarks, type SecretMarks } from './secret-marks.ts';

export type Leftover = {
  secret: ObservedSecret;
  marks: SecretMarks;
  /** The rule's name where it is still configured, else its label. */
  rule: string;
  isConfigured: boolean;
  /** It is to go: the rule says so, or, where it is gone, said so when it last wrote. */
  isPruned: boolean;
};

/** Sorted by name. A name that some rule wants is none: the Secret may yet be handed over. */
export function leftovers(
  desired: DesiredCredentials,
  namespace: ObservedNamespace,
  claims: readonly Claim[],
): Leftover[] {
  const wanted = new Set(claims.map(({ target }) => target.secret));
  return [...namespace.secrets.values()]
    .filter((secret) => !wanted.has(secret.name) && isOfInstance(secret, desired.instance))
    .flatMap((secret) => {
      const marks = readMarks(secret);
      if (marks === undefined) return [];
      const rule = desired.rules.find(({ name }) => labelValue(name) === marks.rule);
      const named = { rule: rule?.name ?? marks.rule, isConfigured: rule !== undefined };
      return [{ secret, marks, ...named, isPruned: rule?.prune ?? marks.prune }];
    })
    .toSorted((left, right) => (left.secret.name < right.secret.name ? -1 : 1));
}
