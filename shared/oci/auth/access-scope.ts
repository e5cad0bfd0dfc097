// Access as token servers read and write it, `type:name:actions`, and which access includes which.
// https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/scope.md
import type { Scope } from '../registry-request.ts';

type Access = { resource: string; actions: Set<string> };

const ORDER = ['pull', 'push', 'delete'];
/** A registry that names more than this in one challenge does not describe one request. */
const MOST_SCOPES = 16;

/** The scopes of a request in the order in which they are asked for, one per repository. */
export function scopeTexts(scopes: readonly Scope[]): string[] {
  return textsOf(
    scopes.map(({ repository, actions }) => ({ resource: `repository:${repository}`, actions: new Set(actions) })),
  );
}

/** One key for the same access in any order. */
export function scopeKey(texts: readonly string[]): string {
  return [...texts].sort().join(' ');
}

/** True if whoever holds `granted` may do all that `needed` names. */
export function covers(granted: readonly string[], needed: readonly string[]): boolean {
  const held = new Map(merged(granted.map(parseScope)).map(({ resource, actions }) => [resource, actions]));
  return needed.map(parseScope).every(({ resource, actions }) => {
    const available = held.get(resource);
    return available !== undefined && [...actions].every((action) => available.has(action));
  });
}

/**
 * Adds what a challenge asks for to what the request needs: behind a proxy a repository can have another name.
 * Only actions of the request itself are added, so that no registry can talk us into a stronger token than its work needs.
 */
export function widen(needed: readonly string[], challengeScope: string | undefined): string[] {
  const own = needed.map(parseScope);
  const allowed = new Set(own.length === 0 ? ['pull', '*'] : own.flatMap(({ actions }) => [...actions]));
  const asked = (challengeScope ?? '')
    .split(' ')
    .filter((text) => /^[^:]+:.+:[^:]+$/.test(text))
    .slice(0, MOST_SCOPES)
    .map(parseScope)
    .map(({ resource, actions }) => ({
      resource,
      actions: new Set([...actions].filter((action) => allowed.has(action))),
    }))
    .filter(({ actions }) => actions.size > 0);
  return textsOf([...own, ...asked]);
}

/** Reads `type:name:actions`; the name may hold colons (a port), so the first and the last one count. */
function parseScope(text: string): Access {
  const last = text.lastIndexOf(':');
  return { resource: text.slice(0, last), actions: new Set(text.slice(last + 1).split(',')) };
}

function textsOf(accesses: readonly Access[]): string[] {
  return merged(accesses).map(({ resource, actions }) => `${resource}:${inOrder(actions).join(',')}`);
}

function merged(accesses: readonly Access[]): Access[] {
  const byResource = new Map<string, Access>();
  for (const { resource, actions } of accesses) {
    const known = byResource.get(resource)?.actions ?? new Set<string>();
    byResource.set(resource, { resource, actions: new Set([...known, ...actions]) });
  }
  return [...byResource.values()];
}

function inOrder(actions: ReadonlySet<string>): string[] {
  const known = ORDER.filter((action) => actions.has(action));
  return [...known, ...[...actions].filter((action) => !ORDER.includes(action)).sort()];
}
