// Which ServiceAccounts of a Namespace name a Secret of ours, and which should: entries come and go, those of others stay.
import type { CredentialChange, Place } from './credential-change.ts';
import type { CredentialRule } from './credential-rule.ts';
import type { ObservedNamespace, ObservedServiceAccount } from './observed.ts';
import { selectsServiceAccount } from './selects-namespace.ts';

/** One change for each ServiceAccount that lacks some of the names. */
export function planAttachments(
  rule: CredentialRule,
  secrets: readonly string[],
  namespace: ObservedNamespace,
  place: Place,
): CredentialChange[] {
  return inOrder(namespace.serviceAccounts).flatMap((account) => {
    const missing = secrets.filter((secret) => !account.imagePullSecrets.includes(secret));
    if (missing.length === 0 || !selectsServiceAccount(rule.serviceAccounts, account)) return [];
    return [{ ...place, kind: 'attach-reference' as const, ...identityOf(account), secrets: missing }];
  });
}

/** With `prune`, from those that the rule does not select (any more); where it attaches none, what is there was never its. */
export function planNarrowing(
  rule: CredentialRule,
  secrets: readonly string[],
  namespace: ObservedNamespace,
  place: Place,
): CredentialChange[] {
  if (!rule.prune || rule.serviceAccounts === 'none') return [];
  const others = namespace.serviceAccounts.filter((account) => !selectsServiceAccount(rule.serviceAccounts, account));
  return planDetachments(secrets, others, place);
}

/** From all of the accounts that name them. */
export function planDetachments(
  secrets: readonly string[],
  accounts: readonly ObservedServiceAccount[],
  place: Place,
): CredentialChange[] {
  return inOrder(accounts).flatMap((account) => {
    const present = secrets.filter((secret) => account.imagePullSecrets.includes(secret));
    if (present.length === 0) return [];
    return [{ ...place, kind: 'detach-reference' as const, ...identityOf(account), secrets: present }];
  });
}

function identityOf({ name, uid, resourceVersion }: ObservedServiceAccount): {
  serviceAccount: string;
  uid: string;
  resourceVersion: string;
} {
  return { serviceAccount: name, uid, resourceVersion };
}

function inOrder(accounts: readonly ObservedServiceAccount[]): ObservedServiceAccount[] {
  return accounts.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
