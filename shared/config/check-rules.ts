// Mirror rules that contradict each other.
import { findRuleConflicts, type RuleConflict } from '../mirror/rule-conflicts.ts';
import type { MirrorRule } from '../mirror/rule.ts';
import { formatPath, positionOf, type ConfigNode } from './config-node.ts';
import { hostOfNames } from './host-of-names.ts';
import { configProblem, type ConfigProblem } from './problem.ts';
import type { ConfigFile } from './schema/schema.ts';
import { toMirrorRule } from './to-config.ts';

/** Problems where the conflict is certain, warnings where it depends on what the source registry holds. */
export function checkRules(
  root: ConfigNode,
  file: ConfigFile,
): { problems: ConfigProblem[]; warnings: ConfigProblem[] } {
  const names = hostOfNames(file);
  const rules = file.mirrors.map(toMirrorRule).map((rule) => withOneName(rule, names));
  const conflicts = findRuleConflicts(rules);
  const told = (certain: boolean) =>
    conflicts.filter((conflict) => conflict.certain === certain).map((conflict) => problemOf(root, rules, conflict));
  return { problems: told(true), warnings: told(false) };
}

function withOneName(rule: MirrorRule, names: ReadonlyMap<string, string>): MirrorRule {
  const nameOf = (registry: string) => names.get(registry) ?? registry;
  return {
    ...rule,
    from: { ...rule.from, registry: nameOf(rule.from.registry) },
    to: rule.to.map((template) => ({ ...template, registry: nameOf(template.registry) })),
  };
}

function problemOf(root: ConfigNode, rules: readonly MirrorRule[], conflict: RuleConflict): ConfigProblem {
  const [route, other = route] = conflict.routes;
  const path = ['mirrors', route.rule, 'to', route.to];
  const text = rules[route.rule]?.to[route.to]?.text ?? '';
  const { file, line } = positionOf(root, ['mirrors', other.rule, 'to', other.to]);
  const otherRule = `rule ${rules[other.rule]?.name} (${file}:${line})`;
  const told = {
    collision: () =>
      route === other
        ? {
            message: `several sources of ${route.source} can have the one target ${route.target}`,
            hint: 'use {repository}, which holds the whole path of the source',
          }
        : {
            message: `${route.source} and ${other.source} of ${otherRule} ${conflict.certain ? '' : 'may '}have one target: ${route.target}`,
            hint: 'keep them apart: {registry}/{repository} in the path, or another prefix',
          },
    duplicate: () => ({ message: `the target ${route.target} stands here twice`, hint: 'keep one of the two' }),
    itself: () => ({
      message:
        route.source === route.target
          ? `${route.source} would be copied onto itself`
          : `${route.source} takes in its own target ${route.target}: the copies would be copied again`,
      hint: 'choose another target',
    }),
    circle: () => ({
      message: `${route.target} leads back to ${route.source}, and this copy is not exact: it would never come to rest`,
      hint: 'leave one of the rules out, or copy without mode: rewrite and without changing the tag',
    }),
  };
  return configProblem(positionOf(root, path), { path: formatPath(path), text, ...told[conflict.kind]() });
}
