// A repository of a registry that the rules of the mirrors name in full: one that somebody surely pulls from, or writes to.
import type { MirrorRule } from './rule.ts';
import { fillPath } from './target-template.ts';

/** One that a rule writes there, else one that a rule reads there; undefined where all have stars, or none speaks of the registry. */
export function mirroredRepository(rules: readonly MirrorRule[], registry: string): string | undefined {
  for (const { from, to } of rules) {
    const target = to.find((template) => template.registry === registry);
    const [source] = from.repositories;
    if (target !== undefined && source !== undefined) return fillPath(target, { ...source, tag: 'latest' });
  }
  return rules.flatMap(({ from }) => (from.registry === registry ? from.repositories : []))[0]?.repository;
}
