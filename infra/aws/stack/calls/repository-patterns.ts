// Which repositories the rules read and write, as patterns of policies: there a star stands for any characters, slashes included.
import type { MirrorRule } from '../../../../shared/mirror/rule.ts';
import { fillPath } from '../../../../shared/mirror/target-template.ts';

export type Place = { registry: string; repository: string };

export function sourcesOf({ from }: Pick<MirrorRule, 'from'>): Place[] {
  const { registry, repositories, wildcards } = from;
  const paths = [...repositories.map(({ repository }) => repository), ...wildcards.map(withSingleStars)];
  return withoutCovered(paths).map((repository) => ({ registry, repository }));
}

export function targetsOf({ from, to }: Pick<MirrorRule, 'from' | 'to'>): Place[] {
  const { registry, repositories, wildcards } = from;
  const sources = [...repositories.map(({ repository }) => repository), ...wildcards.flatMap(atEachDepth)];
  return to.flatMap((template) => {
    const paths = sources.map((repository) => fillPath(template, { registry, repository, tag: 'tag' }));
    return withoutCovered(paths).map((repository) => ({ registry: template.registry, repository }));
  });
}

/** Those that no other one means as well, sorted. */
export function withoutCovered(patterns: readonly string[]): string[] {
  const all = [...new Set(patterns.map(withSingleStars))].toSorted();
  return all.filter((one) => !all.some((other) => other !== one && covers(other, one)));
}

function withSingleStars(pattern: string): string {
  return pattern.replaceAll(/\*{2,}/g, '*');
}

/** A `**` at the end is one component, the name, or several, of which all but the last are the namespace. */
function atEachDepth(wildcard: string): string[] {
  const components = wildcard.split('/');
  const before = components.slice(0, -1).map(withSingleStars);
  const last = components.at(-1) ?? '';
  if (last !== '**') return [[...before, last].join('/')];
  return [[...before, '*'].join('/'), [...before, '*', '*'].join('/')];
}

/** Whether everything that the second one means is meant by the first. */
function covers(wide: string, narrow: string): boolean {
  if (!wide.includes('*')) return wide === narrow;
  const parts = wide.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!narrow.startsWith(first) || !narrow.endsWith(last) || narrow.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = narrow.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= narrow.length - last.length;
}
