// Which Namespaces and ServiceAccounts a rule means: by name, by label, or all.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
import { matchesStars } from './glob.ts';
import type { CredentialRule, LabelSelector, NamespaceSelection } from './credential-rule.ts';

type Labelled = { name: string; labels: Readonly<Record<string, string>> };
type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

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

/** As Kubernetes: what has not got the label satisfies `NotIn`, too. */
export function matchesSelector(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    matchExpressions.every((requirement) => satisfies(requirement, labelOf(labels, requirement.key)))
  );
}

function satisfies({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  return (value !== undefined && values.includes(value)) === (operator === 'In');
}

/** Not what every object has: a label may be called `constructor`. */
function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
