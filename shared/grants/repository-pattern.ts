// Which repositories a pattern of a grant means: one, those of one level (`team-a/*`), or of any depth below (`team-a/**`, `**`).

/** Whether it names one repository and no other. */
export function isExactPattern(pattern: string): boolean {
  return !pattern.includes('*');
}

/** `team-a/**` is all below `team-a/`: neither `team-a` itself nor `team-ab/app`. */
export function matchesRepository(pattern: string, repository: string): boolean {
  if (isExactPattern(pattern)) return repository === pattern;
  const prefix = pattern.replace(/\*+$/, '');
  if (!repository.startsWith(prefix) || repository === prefix) return false;
  return pattern.endsWith('**') || !repository.slice(prefix.length).includes('/');
}
