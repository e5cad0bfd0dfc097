// Which rules have to be looked at together, because two of their sources may have one target.
import { findRuleConflicts } from '../rule-conflicts.ts';
import type { MirrorRule } from '../rule.ts';

export type RuleGroup = {
  rules: MirrorRule[];
  /** True where two sources may have one target: then all of the group is compared before anything is written. */
  mayCollide: boolean;
};

/** The rules in groups that have nothing to do with each other; greater priority first. */
export function groupRules(rules: readonly MirrorRule[]): RuleGroup[] {
  const groupOf = new Map<MirrorRule, RuleGroup>(
    rules.map((rule) => [rule, { rules: [rule], mayCollide: false }] as const),
  );
  for (const { kind, routes } of findRuleConflicts(rules)) {
    if (kind !== 'collision') continue;
    const [first, ...others] = routes.flatMap(({ rule }) => rules[rule] ?? []);
    if (first === undefined) continue;
    for (const other of others) unite(groupOf, first, other);
    const group = groupOf.get(first);
    if (group !== undefined) group.mayCollide = true;
  }
  const groups = [...new Set(groupOf.values())];
  for (const group of groups) group.rules.sort((one, other) => rules.indexOf(one) - rules.indexOf(other));
  return groups.sort((one, other) => priorityOf(other) - priorityOf(one));
}

function unite(groupOf: Map<MirrorRule, RuleGroup>, one: MirrorRule, other: MirrorRule): void {
  const [group, joining] = [groupOf.get(one), groupOf.get(other)];
  if (group === undefined || joining === undefined || group === joining) return;
  group.rules.push(...joining.rules);
  for (const rule of joining.rules) groupOf.set(rule, group);
}

function priorityOf({ rules }: RuleGroup): number {
  return Math.max(...rules.map(({ priority }) => priority));
}
