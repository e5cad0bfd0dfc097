// What lets anybody pull from an Azure registry: roles at it and above it, tokens of its own, its admin user, and pulls without a login.
import type { AuditFinding } from '../audit-finding.ts';
import type { Target } from '../site.ts';
import { isSameId, ROLE_IDS, type Assignment } from './assignments.ts';
import { WHOLE } from './condition.ts';
import { ownerOfMark, parseMark } from './mark.ts';
import { isAbacRegistry, type Registry } from './registry.ts';
import { patternsIn } from './role-entries.ts';
import type { Role } from './roles.ts';
import type { RegistryToken, ScopeMap } from './tokens.ts';

const PRINCIPAL_TYPES = ['User', 'Group', 'ServicePrincipal'] as const;

export function auditSettings(registry: Registry, target: Target): AuditFinding[] {
  const finding = (object: string, who: string, flags: readonly string[]): AuditFinding => ({
    target,
    object,
    who: [who],
    what: 'every repository',
    class: 'over-broad',
    flags,
  });
  return [
    ...(registry.hasAnonymousPull ? [finding('anonymous pull', 'everybody at all', ['everybody'])] : []),
    ...(registry.hasAdminUser
      ? [finding('admin user', 'whoever knows its password', ['may push and delete', 'nobody can tell who used it'])]
      : []),
  ];
}

type Seen = {
  assignment: Assignment;
  /** Undefined where it could not be read. */
  role: Role | undefined;
  /** Undefined where its condition is not understood. */
  patterns: readonly string[] | undefined;
  isAbac: boolean;
  /** At the registry, not above it. */
  isHere: boolean;
  isOurs: boolean;
  /** AcrPull where roles are for repositories. */
  isIgnored: boolean;
};

/** What people know it by, the same in proofs and audits. */
export function nameOf({ role, principalType, principalId }: Assignment, roleName: string | undefined): string {
  return `role assignment of ${roleName ?? role} for ${principalType} ${principalId}`;
}

/** None for one that lets nobody pull, and is not thought to; of ours one for each grant that it is for. */
export function auditAssignment(
  assignment: Assignment,
  role: Role | undefined,
  { registry, target, instance }: { registry: Registry; target: Target; instance: string },
): AuditFinding[] {
  const isAbac = isAbacRegistry(registry);
  const isIgnored = isAbac && assignment.role === ROLE_IDS.AcrPull;
  if (role?.pulls === false && !isIgnored) return [];
  const isHere = isSameId(assignment.scope, registry.id);
  const isOurs = isHere && ownerOfMark(assignment.description, instance) === 'ours';
  const patterns = patternsIn(assignment, instance);
  const seen: Seen = { assignment, role, patterns, isAbac, isHere, isOurs, isIgnored };
  const grants = isOurs ? (parseMark(assignment.description)?.grants ?? []) : [];
  const findingClass = classOf(seen);
  const asGrant = findingClass === 'adoptable' ? grantOf(assignment, patterns ?? [], target.host) : undefined;
  const finding: AuditFinding = {
    target,
    object: nameOf(assignment, role?.name),
    who: [`${assignment.principalType} ${assignment.principalId}`],
    what: isIgnored ? 'nothing' : wordsFor(patterns),
    class: findingClass,
    flags: flagsOf(seen),
    ...(isIgnored || role === undefined || patterns === undefined ? { isUncertain: true } : {}),
    ...(asGrant === undefined ? {} : { asGrant }),
  };
  return grants.length === 0 ? [finding] : grants.map((grant) => ({ ...finding, grant }));
}

function classOf({ role, patterns, isAbac, isHere, isOurs, isIgnored }: Seen): AuditFinding['class'] {
  if (isOurs) return 'ours';
  if (isIgnored || role === undefined) return 'foreign';
  if (role.doesMore || (isAbac && isWhole(patterns))) return 'over-broad';
  return isHere && patterns !== undefined ? 'adoptable' : 'foreign';
}

function flagsOf({ assignment, role, patterns, isHere, isIgnored }: Seen): string[] {
  const { scope, principalType } = assignment;
  return [
    ...(isIgnored ? ['AcrPull is ignored: the roles of this registry are for repositories (ABAC)'] : []),
    ...(role === undefined ? ['its role may not be read'] : []),
    ...(role?.doesMore === true ? ['may push'] : []),
    ...(isHere ? [] : [`inherited from ${scope || '/'}`]),
    ...(patterns === undefined ? ['a condition that is not evaluated'] : []),
    ...(isWhole(patterns) && isHere && !isIgnored ? ['every repository'] : []),
    ...(principalType === 'Group' ? ['a group: who is in it is not visible here'] : []),
  ];
}

function grantOf(
  { principalId, principalType: type }: Assignment,
  patterns: readonly string[],
  registry: string,
): AuditFinding['asGrant'] {
  const principalType = PRINCIPAL_TYPES.find((known) => known === type);
  if (principalType === undefined) return undefined;
  return {
    grantees: [{ kind: 'AzurePrincipal', objectId: principalId, principalType }],
    what: patterns.map((pattern) => ({ registry, what: { kind: 'repository', pattern }, actions: ['pull', 'list'] })),
  };
}

function isWhole(patterns: readonly string[] | undefined): boolean {
  return patterns?.includes(WHOLE) === true;
}

function wordsFor(patterns: readonly string[] | undefined): string {
  if (patterns === undefined) return 'what its condition says';
  return isWhole(patterns) ? 'every repository' : patterns.join(', ');
}

export function auditToken(
  token: RegistryToken,
  scopeMap: ScopeMap | undefined,
  { target, instance, now }: { target: Target; instance: string; now: Date },
): AuditFinding | undefined {
  const actions = scopeMap?.actions ?? [];
  const readable = actions.flatMap(
    (action) => /^repositories\/(?<name>.+)\/content\/read$/.exec(action)?.groups?.['name'] ?? [],
  );
  const valid = token.passwords.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  if (readable.length === 0 || token.status !== 'enabled' || valid.length === 0) return undefined;
  const ends = valid.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt.getTime()]));
  const owner = ownerOfMark(scopeMap?.description, instance);
  const [grant] = owner === 'ours' ? (parseMark(scopeMap?.description)?.grants ?? []) : [];
  const mayPush = actions.some((action) => action.endsWith('/content/write'));
  const isWhole = readable.includes('*');
  const flags = [
    ...(mayPush ? ['may push'] : []),
    ...(isWhole ? ['every repository'] : []),
    ...(ends.length < valid.length ? ['a password that never ends'] : []),
  ];
  return {
    target,
    object: `token ${token.name}`,
    who: [`whoever knows the password of ${token.name}`],
    what: isWhole ? 'every repository' : readable.join(', '),
    ...(ends.length < valid.length ? {} : { until: new Date(Math.max(...ends)).toISOString() }),
    class: owner === 'ours' ? 'ours' : mayPush || isWhole ? 'over-broad' : 'foreign',
    ...(grant === undefined ? {} : { grant }),
    flags,
  };
}
