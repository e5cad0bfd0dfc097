// Whether two selections of Namespaces can select the same one, as far as that shows without a cluster.
import type { LabelSelector } from '../cluster/label-selector.ts';
import type { NamespaceSelection } from '../credentials/credential-rule.ts';

export type Overlap = 'never' | 'maybe' | 'surely';

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

export function overlapOf(left: NamespaceSelection, right: NamespaceSelection): Overlap {
  if (left.names !== undefined) return overlapOfNames(left.names, left, right);
  if (right.names !== undefined) return overlapOfNames(right.names, right, left);
  if (left.selector === undefined || right.selector === undefined) return 'surely';
  return overlapOfSelectors(left.selector, right.selector);
}

function overlapOfNames(names: readonly string[], own: NamespaceSelection, other: NamespaceSelection): Overlap {
  const excluded = [...own.exclude, ...other.exclude];
  const left = names.filter((pattern) => !excluded.some((general) => covers(general, pattern)));
  if (left.length === 0) return 'never';
  if (other.selector !== undefined) return 'maybe';
  if (other.names === undefined) return 'surely';
  const others = other.names.filter((pattern) => !excluded.some((general) => covers(general, pattern)));
  return left.some((pattern) => others.some((one) => meet(pattern, one))) ? 'surely' : 'never';
}

/** True if all that fits the second pattern fits the first: a star in the second is one of the signs that a star in the first takes. */
function covers(general: string, special: string): boolean {
  return new RegExp(`^${general.replaceAll('*', '.*')}$`).test(special);
}

/** True if some name fits both patterns. */
function meet(left: string, right: string): boolean {
  // row by row over the first: reached[j] tells that what was read of both so far can be the same text
  let reached = prefixes(right);
  for (const sign of left) {
    const next = [sign === '*' && reached[0] === true];
    for (let j = 1; j <= right.length; j++) {
      const other = right[j - 1];
      const before = reached[j - 1] === true;
      const skipsLeft = reached[j] === true && (sign === '*' || other === '*');
      const skipsRight = next[j - 1] === true && (sign === '*' || other === '*');
      next.push(skipsLeft || skipsRight || (before && sign === other));
    }
    reached = next;
  }
  return reached[right.length] === true;
}

/** Of a pattern, which beginnings can stand for nothing. */
function prefixes(pattern: string): boolean[] {
  const stars = /^\**/.exec(pattern)?.[0].length ?? 0;
  return Array.from({ length: pattern.length + 1 }, (_, length) => length <= stars);
}

function overlapOfSelectors(left: LabelSelector, right: LabelSelector): Overlap {
  const [ours, theirs] = [requirementsOf(left), requirementsOf(right)];
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return 'surely';
  return ours.some((one) => theirs.some((other) => one.key === other.key && exclude(one, other))) ? 'never' : 'maybe';
}

function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): Requirement[] {
  const equal = Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] }));
  const all: Requirement[] = [...equal, ...matchExpressions];
  return all
    .map(({ key, operator, values = [] }) => ({ key, operator, values: values.toSorted() }))
    .toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
}

/** True if no value of the label, nor its absence, satisfies both. */
function exclude(one: Requirement, other: Requirement): boolean {
  const isAbsent = one.operator === 'DoesNotExist';
  if (isAbsent || other.operator === 'DoesNotExist') {
    return ['In', 'Exists'].includes(isAbsent ? other.operator : one.operator);
  }
  if (one.operator !== 'In') return other.operator === 'In' && isEmptied(other.values, one);
  return isEmptied(one.values, other);
}

function isEmptied(values: readonly string[] = [], { operator, values: others = [] }: Requirement): boolean {
  if (operator === 'In') return !values.some((value) => others.includes(value));
  return operator === 'NotIn' && values.every((value) => others.includes(value));
}
