// Finds rules that cannot hold together: two sources onto one target path, a repository copied onto itself, and circles of copies
// that change what they copy, which would never come to rest.
import type { MirrorRule } from './rule.ts';
import type { SourcePattern } from './source-pattern.ts';
import { fillPath, type TargetTemplate } from './target-template.ts';

/** One way from a source to a target, by the rule's index and the index in its `to`. Paths may hold `*` and `**`. */
type Route = {
  rule: number;
  to: number;
  /** `registry/path` */
  source: string;
  target: string;
  /** The tag's template with `*` for the tag. */
  tag: string;
};

export type RuleConflict = {
  kind: 'collision' | 'duplicate' | 'itself' | 'circle';
  /** False where it depends on what the source registry holds. */
  certain: boolean;
  /** The later route comes first; of a circle only the one that changes the copy. */
  routes: readonly [Route, ...Route[]];
};

/** All conflicts, each once. */
export function findRuleConflicts(rules: readonly MirrorRule[]): RuleConflict[] {
  const routes = rules.flatMap(routesOf);
  return [
    ...routes.filter(isOntoItself).map((route): RuleConflict => ({ kind: 'itself', certain: true, routes: [route] })),
    ...routes
      .filter((route) => isLossy(rules, route))
      .map((route): RuleConflict => {
        return { kind: 'collision', certain: false, routes: [route, route] };
      }),
    ...findCollisions(routes),
    ...findCircles(rules, routes),
  ];
}

/** Where a rule may write, as `registry/path` with `*` and `**`. */
export function targetPatterns(rule: MirrorRule): string[] {
  return routesOf(rule, 0).map(({ target }) => target);
}

function routesOf({ from, to }: MirrorRule, rule: number): Route[] {
  return to.flatMap((template, index) =>
    [...from.repositories.map(({ repository }) => repository), ...from.wildcards].map((repository) => ({
      rule,
      to: index,
      source: `${from.registry}/${repository}`,
      target: `${template.registry}/${targetPath(template, from, repository)}`,
      tag: template.tag.replaceAll('{tag}', '*'),
    })),
  );
}

function targetPath(template: TargetTemplate, { registry }: SourcePattern, repository: string): string {
  const path = fillPath(template, { registry, repository, tag: '' });
  // the last component of any depth is a single one
  if (!repository.endsWith('**') || template.path.includes('{repository}')) return path;
  return template.path.includes('{name}') ? path.replace(/\*\*(?!.*\*\*)/, '*') : path;
}

/** A pattern that takes in its own targets would copy the copies, and these again. */
function isOntoItself({ source, target, tag }: Route): boolean {
  return tag === '*' && patternsMeet(source, target);
}

/** True if two repositories that fit the route's pattern have the same target: some `*` does not show in it. */
function isLossy(rules: readonly MirrorRule[], { rule, to, source }: Route): boolean {
  const template = rules[rule]?.to[to];
  const registry = source.slice(0, source.indexOf('/'));
  // two components stand for any depth
  const parts = source
    .slice(registry.length + 1)
    .replaceAll('**', '*/*')
    .split('*');
  const target = (changed: number) => {
    const repository = parts
      .map((part, index) => (index === 0 ? part : `${index === changed ? 'b' : 'a'}${part}`))
      .join('');
    return template === undefined ? '' : fillPath(template, { registry, repository, tag: '' });
  };
  return parts.some((_, index) => index > 0 && target(index) === target(0));
}

function findCollisions(routes: readonly Route[]): RuleConflict[] {
  const byRegistry = Map.groupBy(routes, ({ target }) => target.slice(0, target.indexOf('/')));
  const found = [...byRegistry.values()].flatMap((neighbours) =>
    neighbours.flatMap((route, index) =>
      neighbours.slice(0, index).flatMap((earlier) => conflictOf(route, earlier) ?? []),
    ),
  );
  const byPlace = Map.groupBy(
    found,
    ({ certain, routes }) => `${certain} ${routes.map(({ rule, to }) => `${rule} ${to}`).join(' ')}`,
  );
  return [...byPlace.values()].flatMap(([first]) => first ?? []);
}

function conflictOf(route: Route, earlier: Route): RuleConflict | undefined {
  if (!patternsMeet(route.target, earlier.target) || !patternsMeet(route.tag, earlier.tag)) return undefined;
  const routes = [route, earlier] as const;
  if (route.source === earlier.source) {
    const isTwice = route.rule === earlier.rule && route.target === earlier.target && route.tag === earlier.tag;
    return isTwice ? { kind: 'duplicate', certain: true, routes } : undefined;
  }
  // what one rule selects by overlapping patterns are the same repositories
  if (route.rule === earlier.rule && patternsMeet(route.source, earlier.source)) return undefined;
  const certain = !`${route.target} ${earlier.target}`.includes('*');
  return { kind: 'collision', certain, routes };
}

/** Circles among fully named repositories with a copy in them that is not exact. */
function findCircles(rules: readonly MirrorRule[], routes: readonly Route[]): RuleConflict[] {
  const targets = Map.groupBy(routes, ({ source }) => source);
  const changes = (route: Route) => rules[route.rule]?.platforms?.mode === 'rewrite' || route.tag !== '*';
  return routes
    .filter((route) => changes(route) && route.source !== route.target && leadsTo(targets, route.target, route.source))
    .map((route) => ({ kind: 'circle', certain: true, routes: [route] }));
}

function leadsTo(targets: ReadonlyMap<string, readonly Route[]>, from: string, to: string): boolean {
  const reached = new Set([from]);
  // a Set hands out members that are added on the way
  for (const repository of reached) {
    if (repository === to) return true;
    for (const { target } of targets.get(repository) ?? []) reached.add(target);
  }
  return false;
}

/** True if some text fits both: `*` is any characters but "/", `**` any at all. */
export function patternsMeet(left: string, right: string): boolean {
  if (!left.includes('*') && !right.includes('*')) return left === right;
  const known = new Map<string, boolean>();
  const meet = (a: string, b: string): boolean => {
    const key = `${a}\n${b}`;
    const answer = known.get(key) ?? step(a, b);
    known.set(key, answer);
    return answer;
  };
  const step = (a: string, b: string): boolean => {
    if (a === '' && b === '') return true;
    if (a.startsWith('*')) return meetStar(a, b);
    if (b.startsWith('*')) return meetStar(b, a);
    return a[0] === b[0] && a !== '' && meet(a.slice(1), b.slice(1));
  };
  const meetStar = (a: string, b: string): boolean => {
    const isDeep = a.startsWith('**');
    const rest = a.slice(isDeep ? 2 : 1);
    if (meet(rest, b)) return true;
    if (b === '' || (b[0] === '/' && !isDeep)) return false;
    // another star may stand for nothing, or for what this one stands for
    if (b.startsWith('*')) return meet(a, b.slice(b.startsWith('**') ? 2 : 1));
    return meet(a, b.slice(1));
  };
  return meet(left, right);
}
