// What lets anybody pull from a project of Harbor: that it is public, its members, and robot accounts of the project and of the system.
// Admins of the system may everything, and stand in no list here.
import type { AuditFinding } from '../audit-finding.ts';
import type { Target } from '../site.ts';
import { isMarkedName, parseShownOnce } from '../shown-once-mark.ts';
import { memberLabel, PUSHING_ROLES } from './entry-content.ts';
import type { HarborMember, HarborRobot, RobotPermission } from './harbor-api.ts';

/** What verifying names, too. */
export const VISIBILITY = 'visibility of the project';

const EVERY_PROJECT = '*';

export function auditVisibility(target: Target): AuditFinding {
  return {
    target,
    object: VISIBILITY,
    who: ['everybody at all'],
    what: `${target.place}/**`,
    class: 'over-broad',
    flags: ['public'],
  };
}

export function auditMember(target: Target, member: HarborMember): AuditFinding {
  const { kind, name, role } = member;
  const what = `${target.place}/**`;
  const finding = { target, object: memberLabel(member), who: [`${kind} ${name}`], what };
  if (role !== 'limitedGuest') {
    return { ...finding, class: 'foreign', flags: [PUSHING_ROLES.includes(role) ? 'may push' : `is a ${role}`] };
  }
  const grantee = kind === 'user' ? ({ kind: 'User', name } as const) : ({ kind: 'Group', name } as const);
  const part = {
    registry: target.host,
    what: { kind: 'repository' as const, pattern: what },
    actions: ['pull' as const],
  };
  return { ...finding, class: 'adoptable', flags: [], asGrant: { grantees: [grantee], what: [part] } };
}

/** One that is disabled or has ended pulls nothing. */
export function auditRobot(
  target: Target,
  robot: HarborRobot,
  { instance, clockAt }: { instance: string; clockAt: Date },
): AuditFinding[] {
  const { fullName, name, description, endsAt, isDisabled, permissions } = robot;
  if (isDisabled || (endsAt !== undefined && endsAt <= clockAt)) return [];
  const pulling = permissions.filter((one) => pullsFrom(one, target.place));
  if (pulling.length === 0) return [];
  const isEverywhere = pulling.some(({ namespace }) => namespace === EVERY_PROJECT);
  const isOurs = isMarkedName(instance, name);
  const grant = isOurs ? parseShownOnce(description)?.grant : undefined;
  const flags = [
    ...(isEverywhere ? ['every project'] : []),
    ...(pulling.some((one) => allows(one, 'push')) ? ['may push'] : []),
  ];
  return [
    {
      target,
      object: `robot account ${fullName}`,
      who: [`robot ${fullName}`],
      what: isEverywhere ? 'every repository' : `${target.place}/**`,
      ...(endsAt === undefined ? {} : { until: endsAt.toISOString() }),
      class: isOurs ? 'ours' : isEverywhere ? 'over-broad' : 'foreign',
      ...(grant === undefined ? {} : { grant }),
      flags,
    },
  ];
}

export function allows({ access }: RobotPermission, wanted: string): boolean {
  return access.some(
    ({ resource, action }) => (resource === 'repository' || resource === '*') && (action === wanted || action === '*'),
  );
}

function pullsFrom(permission: RobotPermission, project: string): boolean {
  const { kind, namespace } = permission;
  return kind === 'project' && (namespace === project || namespace === EVERY_PROJECT) && allows(permission, 'pull');
}
