// What lets anybody pull from a repository of Quay. Members of the organization's owners team may everything, and stand in no list here.
import type { AuditFinding } from '../audit-finding.ts';
import type { Grantee } from '../grant.ts';
import type { Target } from '../site.ts';
import { labelOf, organizationOfNew, type Permission } from './entry-content.ts';

export function auditRepository(
  target: Target,
  { isPublic }: { isPublic: boolean },
  permissions: readonly Permission[],
): AuditFinding[] {
  const what = organizationOfNew(target.place) === undefined ? target.place : `new repositories of ${target.place}`;
  const everybody: AuditFinding = {
    target,
    object: 'visibility of the repository',
    who: ['everybody at all'],
    what,
    class: 'over-broad',
    flags: ['public'],
  };
  return [...(isPublic ? [everybody] : []), ...permissions.map((permission) => findingOf(target, what, permission))];
}

function findingOf(target: Target, what: string, permission: Permission): AuditFinding {
  const { kind, name, role } = permission;
  const who = [`${kind} ${name}`];
  const object = labelOf(permission);
  if (role !== 'read') return { target, object, who, what, class: 'foreign', flags: [`may ${role}`] };
  // a whole organization is more than its new repositories
  if (organizationOfNew(target.place) !== undefined) return { target, object, who, what, class: 'foreign', flags: [] };
  const part = {
    registry: target.host,
    what: { kind: 'repository' as const, pattern: target.place },
    actions: ['pull' as const],
  };
  return {
    target,
    object,
    who,
    what,
    class: 'adoptable',
    flags: [],
    asGrant: { grantees: [granteeOf(permission)], what: [part] },
  };
}

function granteeOf({ kind, name }: Permission): Grantee {
  if (kind === 'team') return { kind: 'Team', name };
  return name.includes('+') ? { kind: 'Robot', name } : { kind: 'User', name };
}
