// Whether a condition of a statement holds, as far as it can be told without asking AWS: of many keys only AWS knows the values.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
import type { Json } from '../canonical.ts';
import { isJsonObject, textsOf } from './canonical-statement.ts';

export type Certainty = 'yes' | 'no' | 'unknown';

/** The values of the keys that are known, by their names in lower case; a key that a request has not got is an empty list. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

type Compare = (value: string, wanted: string) => boolean;

const OPERATOR =
  /^(?:(?<set>ForAnyValue|ForAllValues):)?(?<type>String|Arn|Date|Bool)(?<not>Not)?(?<how>Equals|EqualsIgnoreCase|Like|LessThan|LessThanEquals|GreaterThan|GreaterThanEquals)?(?<ifExists>IfExists)?$/;

const COMPARE: Readonly<Record<string, Compare>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringEqualsIgnoreCase: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  StringLike: isLike,
  ArnEquals: isLike,
  ArnLike: isLike,
  Bool: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  DateEquals: (value, wanted) => Date.parse(value) === Date.parse(wanted),
  DateLessThan: (value, wanted) => Date.parse(value) < Date.parse(wanted),
  DateLessThanEquals: (value, wanted) => Date.parse(value) <= Date.parse(wanted),
  DateGreaterThan: (value, wanted) => Date.parse(value) > Date.parse(wanted),
  DateGreaterThanEquals: (value, wanted) => Date.parse(value) >= Date.parse(wanted),
};

/** All operators and keys of it must hold. */
export function evaluateCondition(condition: Json | undefined, context: ConditionContext): Certainty {
  if (condition === undefined) return 'yes';
  if (!isJsonObject(condition)) return 'unknown';
  const single = Object.entries(condition).flatMap(([operator, keys]) =>
    isJsonObject(keys)
      ? Object.entries(keys).map(([key, values]) =>
          evaluateKey(operator, context.get(key.toLowerCase()), textsOf(values)),
        )
      : (['unknown'] as const),
  );
  return allOf(single);
}

export function allOf(each: readonly Certainty[]): Certainty {
  if (each.includes('no')) return 'no';
  return each.includes('unknown') ? 'unknown' : 'yes';
}

/** `*` is any text, `?` one sign; compared with care for no other. */
export function isLike(value: string, pattern: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\*+/g, '.*').replace(/\?/g, '.')}$`, 's').test(value);
}

function evaluateKey(operator: string, values: readonly string[] | undefined, wanted: readonly string[]): Certainty {
  const groups = OPERATOR.exec(operator)?.groups;
  const compare = COMPARE[`${groups?.['type']}${groups?.['how'] ?? ''}`];
  // a policy variable stands for what only AWS knows
  if (groups === undefined || compare === undefined || values === undefined || wanted.some((one) => one.includes('${')))
    return 'unknown';
  const isNegated = groups['not'] !== undefined;
  if (values.length === 0)
    return isNegated || groups['ifExists'] !== undefined || groups['set'] === 'ForAllValues' ? 'yes' : 'no';
  const holds = (value: string): boolean => wanted.some((one) => compare(value, one)) !== isNegated;
  return (groups['set'] === 'ForAllValues' ? values.every(holds) : values.some(holds)) ? 'yes' : 'no';
}
