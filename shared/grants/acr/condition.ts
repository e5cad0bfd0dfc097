// Which repositories a role assignment of a registry in ABAC mode reads: its condition, made and read again.
// https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
const ATTRIBUTE = 'Microsoft.ContainerRegistry/registries/repositories';
const GUARD = `(!(ActionMatches{'${ATTRIBUTE}/content/read'}) AND !(ActionMatches{'${ATTRIBUTE}/metadata/read'}))`;
const TERM = new RegExp(
  String.raw`@Request\[${ATTRIBUTE}:name\]\s*(?<operator>StringEqualsIgnoreCase|StringStartsWithIgnoreCase)\s*'(?<name>[^']*)'`,
  'gi',
);

/** Everything in a registry. */
export const WHOLE = '**';

/** Whether an assignment can say it: one repository, all below a prefix, or all. Undefined where it can. */
export function unsayable(pattern: string): string | undefined {
  const fixed = pattern.replace(/(?:^|\/)\*\*$/, '');
  return fixed.includes('*')
    ? `${pattern} is one level of repositories, which Azure cannot tell from all below`
    : undefined;
}

/**
 * Of patterns as grants have them; undefined where all repositories are among them. Their order does not matter.
 * The slash of a prefix is in it: `team-a` would be team-ab, too.
 */
export function conditionOf(patterns: readonly string[]): string | undefined {
  if (patterns.includes(WHOLE)) return undefined;
  const [first = '', ...rest] = [...new Set(patterns)].toSorted().map(termOf);
  // three terms and more have to be grouped: https://learn.microsoft.com/azure/role-based-access-control/conditions-faq
  const all = rest.reduce((before, term, at) => `${at === 0 ? before : `(${before})`} OR ${term}`, first);
  return `(${GUARD} OR (${all}))`;
}

/** Undefined for conditions that say anything else, in whatever form the portal writes them. */
export function patternsOf(condition: string | undefined): string[] | undefined {
  if (condition === undefined || condition.trim() === '') return [WHOLE];
  const found = [...condition.matchAll(TERM)].map(({ groups }) => {
    const name = groups?.['name'] ?? '';
    return groups?.['operator']?.toLowerCase() === 'stringstartswithignorecase' ? `${name}**` : name;
  });
  const isOurForm = found.every((pattern) => !pattern.endsWith('**') || pattern.endsWith('/**'));
  if (found.length === 0 || !isOurForm || !squeezed(condition).includes(squeezed(GUARD))) return undefined;
  return bare(conditionOf(found) ?? '') === bare(condition) ? [...new Set(found)].toSorted() : undefined;
}

/** Whether what one pattern means is all in the other one. */
export function covers(wide: string, narrow: string): boolean {
  if (wide === WHOLE || wide === narrow) return true;
  return wide.endsWith('/**') && narrow.startsWith(wide.slice(0, -2));
}

function termOf(pattern: string): string {
  const [operator, name] = pattern.endsWith('/**')
    ? ['StringStartsWithIgnoreCase', pattern.slice(0, -2)]
    : ['StringEqualsIgnoreCase', pattern];
  return `@Request[${ATTRIBUTE}:name] ${operator} '${name}'`;
}

/** Without what makes no difference: white space, case, parentheses and the order of terms, which are all joined by OR. */
function bare(condition: string): string {
  const terms = [...condition.matchAll(TERM)].map(([term]) => squeezed(term)).toSorted();
  return `${squeezed(condition.replace(TERM, '').replace(/[()]/g, ''))} ${terms.join(' ')}`;
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, '').toLowerCase();
}
