// Roles for the rights that are needed, bound to whoever Transship is in the cluster.
import { objectNameOf, partOf, type KubernetesObject, type Manifest, type Subject } from './kubernetes-object.ts';
import type { PolicyRule } from './permissions.ts';

const GROUP = 'rbac.authorization.k8s.io';

export type RoleOptions = { instance: string; subject: Subject };

/** A ClusterRole and its binding; nothing where no rights are needed. */
export function clusterRole(
  { suffix, rules, purpose }: { suffix: string; rules: readonly PolicyRule[]; purpose: string },
  options: RoleOptions,
): Manifest[] {
  if (rules.length === 0) return [];
  const name = objectNameOf(options.instance, suffix);
  return [
    {
      purpose,
      object: { ...head('ClusterRole', name, options), rules },
    },
    {
      purpose: 'Who may.',
      object: { ...head('ClusterRoleBinding', name, options), ...binding('ClusterRole', name, options.subject) },
    },
  ];
}

/** A Role and its binding in one Namespace. */
export function namespaceRole(
  {
    namespace,
    suffix,
    rules,
    purpose,
  }: {
    namespace: string;
    suffix: string;
    rules: readonly PolicyRule[];
    purpose: string;
  },
  options: RoleOptions,
): Manifest[] {
  const name = objectNameOf(options.instance, suffix);
  return [
    { purpose, object: { ...head('Role', name, options, namespace), rules } },
    {
      purpose: 'Who may.',
      object: { ...head('RoleBinding', name, options, namespace), ...binding('Role', name, options.subject) },
    },
  ];
}

function head(kind: string, name: string, { instance }: RoleOptions, namespace?: string): KubernetesObject {
  const place = namespace === undefined ? {} : { namespace };
  return { apiVersion: `${GROUP}/v1`, kind, metadata: { name, ...place, labels: partOf(instance) } };
}

function binding(kind: string, name: string, subject: Subject): { roleRef: object; subjects: readonly object[] } {
  return { roleRef: { apiGroup: GROUP, kind, name }, subjects: [subjectOf(subject)] };
}

function subjectOf(subject: Subject): object {
  if ('serviceAccount' in subject) return { kind: 'ServiceAccount', ...subject.serviceAccount };
  if ('user' in subject) return { apiGroup: GROUP, kind: 'User', name: subject.user };
  return { apiGroup: GROUP, kind: 'Group', name: subject.group };
}
