// Which entries the role assignments of a registry are: one for each repository or prefix in the condition of an assignment. Azure takes
// only one assignment of a role for a principal, so that grants for the same principal share it.
// https://github.com/hashicorp/terraform-provider-azurerm/issues/24045
import { hash16, type Json } from '../canonical.ts';
import type { ObservedEntry } from '../entry.ts';
import type { Assignment } from './assignments.ts';
import { ROLE_IDS } from './assignments.ts';
import { patternsOf, WHOLE } from './condition.ts';
import { roleKey, type RoleName } from './entry-content.ts';
import { ownerOfMark, parseMark } from './mark.ts';

/** What the rest of a mark says where an assignment without a condition stands for narrower grants besides. */
const ALSO = /^also (?<patterns>.+)$/;

export function roleNameOf({ role }: Assignment): RoleName | undefined {
  if (role === ROLE_IDS.AcrPull) return 'AcrPull';
  return role === ROLE_IDS['Repository Reader'] ? 'Repository Reader' : undefined;
}

/** Undefined where its condition says something else. */
export function patternsIn(assignment: Assignment, instance: string): string[] | undefined {
  if (roleNameOf(assignment) === 'AcrPull') return assignment.condition === undefined ? [WHOLE] : undefined;
  const patterns = patternsOf(assignment.condition);
  if (patterns === undefined || ownerOfMark(assignment.description, instance) === 'foreign') return patterns;
  const also = ALSO.exec(parseMark(assignment.description)?.rest ?? '')?.groups?.['patterns']?.split(' ') ?? [];
  return patterns.includes(WHOLE) ? [...new Set([...patterns, ...also])].toSorted() : patterns;
}

/** The rest of the mark for these patterns. */
export function alsoOf(patterns: readonly string[]): string {
  const narrower = patterns.filter((pattern) => pattern !== WHOLE);
  return patterns.includes(WHOLE) && narrower.length > 0 ? `also ${narrower.join(' ')}` : '';
}

export function roleEntries(assignments: readonly Assignment[], instance: string): ObservedEntry[] {
  return assignments.flatMap((assignment) => {
    const { principalId, principalType, description, condition } = assignment;
    const role = roleNameOf(assignment);
    if (role === undefined) return [];
    const owner = ownerOfMark(description, instance);
    const grants = owner === 'ours' ? (parseMark(description)?.grants ?? []) : [];
    const [grant] = grants.length === 1 ? grants : [];
    const named = grant === undefined ? {} : { grant };
    const patterns = patternsIn(assignment, instance);
    const label = `${role} of ${principalType} ${principalId}`;
    if (patterns === undefined) {
      const content: Json = { kind: 'role', role, principalId, principalType, condition: condition ?? '' };
      const key = `${role} ${principalId} if ${hash16(condition ?? '')}`;
      return [{ key, content, owner, label: `${label} with a condition`, ...named }];
    }
    return patterns.map((pattern): ObservedEntry => {
      const key = roleKey({ role, principalId, pattern });
      const content: Json = { kind: 'role', role, principalId, principalType, pattern };
      return { key, content, owner, label: pattern === WHOLE ? label : `${label} for ${pattern}`, ...named };
    });
  });
}
