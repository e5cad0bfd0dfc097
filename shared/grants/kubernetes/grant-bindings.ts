// Which RoleBindings a grant takes: one for each image namespace and role, with everybody who gets something there.
import type { RoleRef, RoleRule } from '../../cluster/rbac-objects.ts';
import { PULL_PROFILES } from '../pull-profiles.ts';
import { narrowRoleName } from './binding-names.ts';
import type { GranteeSubject } from './grantee-subjects.ts';
import { OWN_NAMESPACE, type ImagePlace } from './image-places.ts';

export type GrantBinding = {
  namespace: string;
  roleRef: RoleRef;
  /** Of the Role that is made for it. */
  rules?: readonly RoleRule[];
  subjects: readonly GranteeSubject[];
};

/** By namespace, those for all of its images first; none without a subject. */
export function grantBindings(
  places: readonly ImagePlace[],
  subjects: readonly GranteeSubject[],
  { grant, instance }: { grant: string; instance: string },
): ReadonlyMap<string, readonly GrantBinding[]> {
  const whole = places.filter(({ image }) => image === undefined);
  const single = places.filter((one) => one.image !== undefined && !whole.some((other) => covers(other, one)));
  const narrowRef: RoleRef = { kind: 'Role', name: narrowRoleName(instance, grant) };
  const narrow = [...Map.groupBy(single, ({ namespace }) => namespace)].map(([namespace, named]): GrantBinding => ({
    namespace,
    roleRef: narrowRef,
    rules: rulesOf(named),
    subjects,
  }));
  const bindings = [...wideBindings(whole, subjects), ...narrow].filter((binding) => binding.subjects.length > 0);
  return Map.groupBy(bindings, ({ namespace }) => namespace);
}

/** Each grantee in its own namespace, or all of them in the one that is named. */
function wideBindings(places: readonly ImagePlace[], subjects: readonly GranteeSubject[]): GrantBinding[] {
  const each = places.flatMap(({ namespace, profile }): GrantBinding[] => {
    const roleRef: RoleRef = { kind: 'ClusterRole', name: profile.clusterRole };
    if (namespace !== OWN_NAMESPACE) return [{ namespace, roleRef, subjects }];
    return subjects.flatMap((one) =>
      one.namespace === undefined ? [] : [{ namespace: one.namespace, roleRef, subjects: [one] }],
    );
  });
  const byRole = Map.groupBy(each, ({ namespace, roleRef }) => `${namespace} ${orderOf(roleRef)}`);
  return [...byRole]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([, same]) =>
      same.slice(0, 1).map((first) => ({ ...first, subjects: same.flatMap((one) => one.subjects) })),
    );
}

/** That of the platforms comes first: its entry keeps its key when a registry with a role of its own comes or goes. */
function orderOf({ name }: RoleRef): string {
  return `${name === PULL_PROFILES.openshift.clusterRole ? 0 : 1} ${name}`;
}

/** Whoever gets all images of the namespace gets this one. */
function covers(whole: ImagePlace, single: ImagePlace): boolean {
  return whole.namespace === single.namespace && whole.profile === single.profile;
}

/** One for each thing that registries ask about. */
function rulesOf(named: readonly ImagePlace[]): RoleRule[] {
  const byQuestion = Map.groupBy(named, ({ profile: { group, resource, verb } }) => `${group} ${resource} ${verb}`);
  return [...byQuestion.values()].flatMap((same) =>
    same.slice(0, 1).map(({ profile: { group, resource, verb } }) => ({
      verbs: [verb],
      apiGroups: [group],
      resources: [resource],
      resourceNames: same.flatMap(({ image }) => (image === undefined ? [] : [image])),
    })),
  );
}
