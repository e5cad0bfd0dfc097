// Which Namespaces and ServiceAccounts a rule means: by name, by label, or all.
import { matchesSelector, type LabelSelector } from '../cluster/label-selector.ts';
import { matchesStars } from './glob.ts';
import type { CredentialRule, NamespaceSelection } from './credential-rule.ts';

type Labelled = { name: string; labels: Readonly<Record<string, string>> };

/** Exclusion wins. Names and a selector together: both must hold. Nothing at all selects nothing, and so does an empty selector. */
export function selectsNamespace(
  { names, selector, all, exclude }: NamespaceSelection,
  { name, labels }: Labelled,
): boolean {
  if (exclude.some((pattern) => matchesStars(pattern, name))) return false;
  if (all === true) return true;
  const hasSelector = selector !== undefined && !isEmpty(selector);
  if (names === undefined && !hasSelector) return false;
  if (names !== undefined && !names.some((pattern) => matchesStars(pattern, name))) return false;
  return !hasSelector || matchesSelector(selector, labels);
}

export function selectsServiceAccount(wanted: CredentialRule['serviceAccounts'], { name, labels }: Labelled): boolean {
  if (wanted === 'all') return true;
  if (wanted === 'none') return false;
  if ('names' in wanted) return wanted.names.includes(name);
  return !isEmpty(wanted.selector) && matchesSelector(wanted.selector, labels);
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
