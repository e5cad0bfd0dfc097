// What a RoleBinding says, in one form: whichever way somebody wrote the same access, its canonical text is equal.
import { isObject } from '../../cluster/json-fields.ts';
import {
  fullRoleRef,
  fullSubject,
  readBound,
  readRules,
  type RoleRef,
  type RoleRule,
  type RoleSubject,
} from '../../cluster/rbac-objects.ts';
import { TransshipError } from '../../errors.ts';
import { canonicalText, type Json } from '../canonical.ts';

export type BindingContent = {
  roleRef: RoleRef;
  subjects: readonly RoleSubject[];
  /** Of a Role that is made for this binding, and goes with it. */
  rules?: readonly RoleRule[];
};

/** As entries hold it: subjects and rules in the order of their texts, each once, with the API groups that RBAC assumes. */
export function contentOf({ roleRef, subjects, rules }: BindingContent): Json {
  return {
    roleRef: fullRoleRef(roleRef),
    subjects: inOrder(subjects.map(fullSubject)),
    ...(rules !== undefined && { rules: inOrder(rules.map(canonicalRule)) }),
  };
}

/** @throws TransshipError internal for what is no content of a RoleBinding */
export function readContent(content: Json): BindingContent {
  if (!isObject(content)) throw new TransshipError('internal', 'a RoleBinding was to be written that says nothing');
  return { ...readBound(content), ...('rules' in content && { rules: readRules(content) }) };
}

function canonicalRule({ verbs, apiGroups, resources, resourceNames }: RoleRule): RoleRule {
  return {
    verbs: inOrder(verbs),
    apiGroups: inOrder(apiGroups),
    resources: inOrder(resources),
    ...(resourceNames !== undefined && { resourceNames: inOrder(resourceNames) }),
  };
}

function inOrder<Value extends Json>(values: readonly Value[]): Value[] {
  const byText = new Map(values.map((value) => [canonicalText(value), value]));
  return [...byText].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, value]) => value);
}
