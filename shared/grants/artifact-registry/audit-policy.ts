// What a repository's policy has that lets somebody pull, and what is striking about it.
import type { AuditFinding } from '../audit-finding.ts';
import type { Target } from '../site.ts';
import {
  accessesOf,
  canonicalMember,
  deletedMember,
  endOf,
  nameOf,
  ownerOf,
  READER,
  type Access,
  type Policy,
} from './policy.ts';
import { EVERYBODY, PULLING_ROLES } from './pull-access.ts';

/** Accounts that Google itself acts by. https://cloud.google.com/iam/docs/service-account-types#service-agents */
const SERVICE_AGENT =
  /^serviceAccount:(?:service-\d+@[a-z0-9-]+\.iam\.gserviceaccount\.com|\d+@cloudservices\.gserviceaccount\.com)$/;
const OWN_ROLE = /^(?:projects|organizations)\//;

export function* auditPolicy(policy: Policy, target: Target, instance: string): Iterable<AuditFinding> {
  for (const access of accessesOf(policy)) {
    if (access.role in PULLING_ROLES || OWN_ROLE.test(access.role)) yield findingOf(access, target, instance);
  }
}

function findingOf(access: Access, target: Target, instance: string): AuditFinding {
  const { member, condition } = access;
  const { owner, grant } = ownerOf(condition, instance);
  const end = endOf(condition?.expression ?? '');
  const findingClass = classOf(access, owner === 'ours');
  const pattern = `${target.place}/**`;
  const asGrant = {
    grantees: [{ kind: 'GooglePrincipal' as const, member: canonicalMember(member) }],
    what: [
      {
        registry: target.host,
        what: { kind: 'repository' as const, pattern },
        actions: ['pull' as const, 'list' as const],
      },
    ],
  };
  return {
    target,
    object: nameOf(access),
    who: [EVERYBODY.has(member) ? everybody(member) : member],
    what: target.place,
    ...(end === undefined ? {} : { until: end.toISOString() }),
    class: findingClass,
    ...(owner === 'ours' && grant !== undefined ? { grant } : {}),
    flags: flagsOf(access),
    ...(isCertain(access) ? {} : { isUncertain: true }),
    ...(findingClass === 'adoptable' ? { asGrant } : {}),
  };
}

function classOf({ role, member, condition }: Access, isOurs: boolean): AuditFinding['class'] {
  if (isOurs) return 'ours';
  if (EVERYBODY.has(member)) return 'over-broad';
  if (SERVICE_AGENT.test(member)) return 'platform';
  if (OWN_ROLE.test(role)) return 'foreign';
  if (role !== READER) return 'over-broad';
  // a grant would make a condition of its own
  return condition === undefined && deletedMember(member) === undefined ? 'adoptable' : 'foreign';
}

function flagsOf({ role, member, condition }: Access): string[] {
  const more = PULLING_ROLES[role];
  return [
    ...(EVERYBODY.has(member) ? ['everybody'] : []),
    ...(more === undefined ? [] : [more]),
    ...(OWN_ROLE.test(role) ? ['a role of your own: it is not looked up what it allows'] : []),
    ...(deletedMember(member) === undefined ? [] : ['the principal was deleted']),
    ...(member.startsWith('group:') ? ['a group: who is in it is not visible here'] : []),
    ...(member.startsWith('domain:') ? ['everybody of a domain'] : []),
    ...(/^project(?:Owner|Editor|Viewer):/.test(member) ? ['whoever has that role in the project'] : []),
    ...(isEvaluated(condition) ? [] : ['a condition that is not evaluated']),
  ];
}

function isCertain({ role, condition }: Access): boolean {
  return isEvaluated(condition) && !OWN_ROLE.test(role);
}

function isEvaluated(condition: Access['condition']): boolean {
  return condition === undefined || endOf(condition.expression ?? '') !== undefined;
}

function everybody(member: string): string {
  return member === 'allUsers' ? 'everybody at all' : 'everybody with a Google account';
}
