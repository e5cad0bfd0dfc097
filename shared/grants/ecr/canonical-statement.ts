// One form for statements of policies that mean the same: AWS gives principals back in another order and in other words than they came.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
import { canonicalText, type Json } from '../canonical.ts';

export type JsonObject = { readonly [key: string]: Json | undefined };

/** Names of actions and keys are the same in any case; those that our own statements have are written so. */
const SPELLINGS: ReadonlyMap<string, string> = new Map(
  [
    'ecr:BatchCheckLayerAvailability',
    'ecr:BatchGetImage',
    'ecr:GetDownloadUrlForLayer',
    'ecr:ListImages',
    'ecr:DescribeImages',
    'aws:CurrentTime',
    'aws:PrincipalOrgID',
    'aws:PrincipalOrgPaths',
  ].map((name) => [name.toLowerCase(), name]),
);

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The statement without its Sid: values are lists, those without an order sorted, an account stands as its root, times in one form.
 * @param partition of the registry: `aws-cn`
 */
export function canonicalStatement(statement: JsonObject, partition: string): JsonObject {
  const members = Object.entries(statement).filter(([name]) => name !== 'Sid');
  return Object.fromEntries(members.map(([name, value]) => [name, canonicalMember(name, value ?? null, partition)]));
}

/** The texts of a value that may be one, or a list of them. */
export function textsOf(value: Json | undefined): string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((one: Json) =>
    typeof one === 'string' ? one : canonicalText(one),
  );
}

function canonicalMember(name: string, value: Json, partition: string): Json {
  if (name === 'Principal' || name === 'NotPrincipal') return canonicalPrincipal(value, partition);
  if (name === 'Action' || name === 'NotAction') return sorted(textsOf(value).map(spelled));
  if (name === 'Resource' || name === 'NotResource') return sorted(textsOf(value));
  if (name === 'Condition' && isJsonObject(value)) return canonicalCondition(value);
  return value;
}

/** `"*"` is everybody, as `{"AWS":"*"}` is. */
function canonicalPrincipal(value: Json, partition: string): Json {
  const kinds: JsonObject = isJsonObject(value) ? value : { AWS: value };
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, who]) => [
      kind,
      sorted(textsOf(who).map((one) => (kind === 'AWS' ? accountRoot(one, partition) : one))),
    ]),
  );
}

function accountRoot(principal: string, partition: string): string {
  return /^\d{12}$/.test(principal) ? `arn:${partition}:iam::${principal}:root` : principal;
}

function canonicalCondition(condition: JsonObject): Json {
  return Object.fromEntries(
    Object.entries(condition).map(([operator, keys]) => [
      operator,
      isJsonObject(keys)
        ? Object.fromEntries(
            Object.entries(keys).map(([key, values]) => [
              spelled(key),
              sorted(textsOf(values).map(inOneForm(operator))),
            ]),
          )
        : (keys ?? null),
    ]),
  );
}

function inOneForm(operator: string): (value: string) => string {
  if (!operator.includes('Date')) return (value) => value;
  return (value) => {
    const time = /^\d{4}-/.test(value) ? Date.parse(value) : Number.NaN;
    return Number.isNaN(time) ? value : new Date(time).toISOString().replace('.000Z', 'Z');
  };
}

function spelled(name: string): string {
  return SPELLINGS.get(name.toLowerCase()) ?? name;
}

function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].toSorted();
}
