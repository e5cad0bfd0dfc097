// What has to be read of a cluster so that its rules can be planned, and not more than that. Pure.
import { labelValue } from '../cluster/label-value.ts';
import type { CredentialRule } from './credential-rule.ts';
import { secretTargets } from './secret-target.ts';
import { instanceSelector } from './secret-marks.ts';

export type Reads = {
  /** Of the Secrets that rules want. */
  secretNames: readonly string[];
  /** Finds what is ours, whatever its name. */
  ownSelector: string;
  serviceAccounts: 'none' | 'all' | readonly string[];
  /** Some rule goes by the labels of Namespaces. */
  needsLabels: boolean;
  /** Something of ours may have to go: who names it must be known. */
  mayPrune: boolean;
  /** The labels of rules that have it go, and are for other clusters now. */
  prunedElsewhere: ReadonlySet<string>;
};

/** @param rules those for this cluster @param all the others, too */
export function readsFor(
  rules: readonly CredentialRule[],
  instance: string,
  all: readonly CredentialRule[] = rules,
): Reads {
  return {
    secretNames: [...new Set(rules.flatMap((rule) => secretTargets(rule).map(({ secret }) => secret)))].toSorted(),
    ownSelector: instanceSelector(instance),
    serviceAccounts: serviceAccountsOf(rules),
    needsLabels: rules.some(({ namespaces }) => namespaces.selector !== undefined),
    mayPrune: rules.some(({ prune }) => prune),
    prunedElsewhere: new Set(
      all.filter((rule) => rule.prune && !rules.includes(rule)).map(({ name }) => labelValue(name)),
    ),
  };
}

function serviceAccountsOf(rules: readonly CredentialRule[]): Reads['serviceAccounts'] {
  const names = new Set<string>();
  for (const { serviceAccounts } of rules) {
    if (serviceAccounts === 'none') continue;
    if (serviceAccounts === 'all' || 'selector' in serviceAccounts) return 'all';
    for (const name of serviceAccounts.names) names.add(name);
  }
  return names.size === 0 ? 'none' : [...names].toSorted();
}
