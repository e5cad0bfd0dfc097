// Plans what a cluster needs so that its Namespaces hold the credentials that rules want. It reads nothing but its arguments: dry runs
// print what it gives, and the next run on any host plans from what it then finds.
import { type Claim, claimsIn } from './claim.ts';
import type { CredentialChange, Place } from './credential-change.ts';
import type { DesiredCredentials } from './desired.ts';
import { leftovers } from './leftovers.ts';
import type { ObservedCluster, ObservedNamespace } from './observed.ts';
import { planAttachments, planNarrowing } from './plan-references.ts';
import { planRemoval } from './plan-removal.ts';
import { planSecret } from './plan-secret.ts';

/**
 * The changes, Namespace by Namespace in the order of their names: references first, so that a Pod created meanwhile has them, then the
 * Secrets, then what goes. Nothing where everything is as it should be, and nothing for a Namespace that is being deleted.
 * `now` is the time on the cluster's clock.
 */
export function planCredentials(desired: DesiredCredentials, observed: ObservedCluster, now: Date): CredentialChange[] {
  return observed.namespaces
    .filter(({ isTerminating }) => !isTerminating)
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((namespace) => planNamespace(desired, observed.name, namespace, now));
}

function planNamespace(
  desired: DesiredCredentials,
  cluster: string,
  namespace: ObservedNamespace,
  now: Date,
): CredentialChange[] {
  const placeOf = (rule: string): Place => ({
    cluster,
    namespace: namespace.name,
    namespaceUid: namespace.uid,
    rule,
  });
  const claims = claimsIn(desired, cluster, namespace);
  const secrets = claims.map((claim) => ({
    claim,
    plan: planSecret(claim, desired, placeOf(claim.target.rule.name), now),
  }));
  // what may not be read may be that of somebody else, and so is who names it
  const isUnread = ({ target }: Claim): boolean => namespace.unreadSecrets?.has(target.secret) === true;
  const held = secrets.filter(({ plan, claim }) => !plan.isRefused && !isUnread(claim)).map(({ claim }) => claim);
  const byRule = [...Map.groupBy(held, ({ target }) => target.rule)];
  return [
    ...byRule.flatMap(([rule, own]) => planAttachments(rule, namesOf(own), namespace, placeOf(rule.name))),
    ...secrets.flatMap(({ plan }) => plan.changes),
    ...byRule.flatMap(([rule, own]) => planNarrowing(rule, namesOf(own), namespace, placeOf(rule.name))),
    ...leftovers(desired, namespace, claims).flatMap((one) => planRemoval(one, namespace, placeOf(one.rule))),
  ];
}

function namesOf(claims: readonly Claim[]): string[] {
  return claims.map(({ target }) => target.secret);
}
