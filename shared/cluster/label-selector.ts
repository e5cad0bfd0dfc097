// Which objects a label selector means.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors

/** As in Kubernetes: all of both must hold. */
export type LabelSelector = {
  matchLabels?: Readonly<Record<string, string>>;
  matchExpressions?: readonly {
    key: string;
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    values?: readonly string[];
  }[];
};

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

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
