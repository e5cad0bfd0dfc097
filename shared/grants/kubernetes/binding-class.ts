// Judges a binding by which somebody may pull: whose it is, whether it reaches too far, and whether a grant could say the same.
import type { RoleSubject } from '../../cluster/rbac-objects.ts';
import type { AuditFinding } from '../audit-finding.ts';
import type { Grantee, PullPart } from '../grant.ts';
import { overbroadGrantee } from '../overbroad.ts';
import type { PullProfile } from '../pull-profile.ts';
import type { Site } from '../site.ts';
import { isMarked, ownerOf } from './binding-marks.ts';
import { homeOf, isOfPlatform } from './platform-bindings.ts';
import { isPullOnly } from './pull-reach.ts';
import type { PullingBinding } from './pulling-bindings.ts';

type Surroundings = { site: Site; instance: string };

export function classOf(pulling: PullingBinding, { site, instance }: Surroundings): AuditFinding['class'] {
  const { binding, kind, reach } = pulling;
  if (ownerOf(binding, instance) !== undefined) return 'ours';
  if (binding.subjects.some((subject) => everybodyText(subject) !== undefined)) return 'over-broad';
  if (isOfPlatform(pulling)) return 'platform';
  if (reach.wildcards.length > 0 || (kind === 'ClusterRoleBinding' && reach.images === undefined)) return 'over-broad';
  return grantedRegistries(pulling, site).length > 0 && !isMarked(binding) ? 'adoptable' : 'foreign';
}

/** What is striking, in words. */
export function flagsOf(pulling: PullingBinding, { site }: Surroundings): string[] {
  const { binding, kind, reach, rules, isAggregated } = pulling;
  const { subjects, namespace, roleRef } = binding;
  const everybody = subjects.flatMap((subject) => everybodyText(subject) ?? []);
  const isAtHome = namespace !== undefined && subjects.every((subject) => homeOf(subject) === namespace);
  return [
    ...new Set(everybody),
    ...(kind === 'ClusterRoleBinding' ? ['every Namespace'] : []),
    ...reach.wildcards,
    ...(isPullOnly(rules, [...site.profiles.values()]) ? [] : [`more than pulling: ${roleRef.kind} ${roleRef.name}`]),
    ...(isAggregated ? ['aggregated: whoever may label a ClusterRole adds to it'] : []),
    ...(reach.bySubresource
      ? ['by "*" with a subresource: a registry that asks in one word takes it for nothing']
      : []),
    ...(isAtHome && isPuller(pulling, site) ? [`in the Namespace of those who pull: no image elsewhere`] : []),
  ];
}

/** Of an adoptable one. */
export function grantOf(pulling: PullingBinding, { site }: Surroundings): NonNullable<AuditFinding['asGrant']> {
  const { subjects, namespace: name = '' } = pulling.binding;
  return {
    grantees: subjects.map((subject) => granteeOf(subject, site.host)),
    what: grantedRegistries(pulling, site).map((registry): PullPart => ({
      registry,
      what: { kind: 'namespace', name },
      actions: ['pull'],
    })),
  };
}

/** Those for which a grant would bind this very role in this very place. */
function grantedRegistries({ binding, kind, registries, reach }: PullingBinding, { profiles }: Site): string[] {
  const { kind: roleKind, name } = binding.roleRef;
  if (kind !== 'RoleBinding' || roleKind !== 'ClusterRole' || reach.images !== undefined) return [];
  return registries.filter((registry) => profiles.get(registry)?.clusterRole === name);
}

function isPuller({ binding }: PullingBinding, { profiles }: Site): boolean {
  return [...profiles.values()].some(({ clusterRole }: PullProfile) => clusterRole === binding.roleRef.name);
}

export function granteeOf(subject: RoleSubject, cluster: string): Grantee {
  const { kind, name } = subject;
  if (subject.kind === 'ServiceAccount') return { kind: 'ServiceAccount', cluster, namespace: subject.namespace, name };
  const home = subject.kind === 'Group' ? homeOf(subject) : undefined;
  if (home !== undefined) return { kind: 'NamespaceServiceAccounts', cluster, namespace: home };
  return kind === 'User' ? { kind, cluster, name } : { kind: 'Group', cluster, name };
}

/** Undefined: somebody in particular. */
function everybodyText({ kind, name }: RoleSubject): string | undefined {
  if (kind === 'ServiceAccount') return undefined;
  if (kind === 'Group' && name === 'system:serviceaccounts') return 'every ServiceAccount (system:serviceaccounts)';
  return overbroadGrantee({ kind, name });
}
