// Whose deploy tokens pull from a repository: a project's, or a group's for all of its projects. Only GitLab knows which path is which.
import { isExactPattern } from '../repository-pattern.ts';

/** Of a target: `group/project`, or `group/**`. */
export type Owner = { kind: 'project' | 'group'; path: string };

export function ownerAt(place: string): Owner {
  const [, group] = /^(.+)\/\*\*$/.exec(place) ?? [];
  return group === undefined ? { kind: 'project', path: place } : { kind: 'group', path: group };
}

export function placeOf({ kind, path }: Owner): string {
  return kind === 'group' ? `${path}/**` : path;
}

/** The path that a pattern names as a whole; undefined for patterns of everything. */
export function pathIn(pattern: string): string | undefined {
  const path = isExactPattern(pattern) ? pattern : pattern.replace(/\/?\*+$/, '');
  return path === '' ? undefined : path;
}

/** The path and all above it, the longest first. */
export function pathsAbove(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
}

/** In what a survey knows: `kind path` by path. */
export function ownerFact({ kind, path }: Owner): string {
  return `${kind} ${path}`;
}

export function ownerInFact(fact: string | undefined): Owner | undefined {
  const [, kind, path] = /^(project|group) (.+)$/.exec(fact ?? '') ?? [];
  if (path === undefined) return undefined;
  return { kind: kind === 'group' ? 'group' : 'project', path };
}
