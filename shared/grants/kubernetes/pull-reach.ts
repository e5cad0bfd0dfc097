// What the rules of a role mean for pulls, as the authorizer of an API server reads them: whatever the role is called.
// https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/rbac/v1/evaluation_helpers.go
import type { RoleRule } from '../../cluster/rbac-objects.ts';
import type { PullProfile } from '../pull-profile.ts';

export type PullReach = {
  /** Only images of these names; absent: every image. */
  images?: readonly string[];
  /** In words: what it allows by a `*`. */
  wildcards: readonly string[];
  /** By `*` and a subresource, which means nothing to a registry that asks for both in one word. */
  bySubresource: boolean;
};

const ALL = '*';

/** Undefined: the rules allow no pull from a registry that asks in this way. */
export function pullReach(rules: readonly RoleRule[], profile: PullProfile): PullReach | undefined {
  const allowing = rules.filter((rule) => allows(rule, profile));
  if (allowing.length === 0) return undefined;
  const isNamed = allowing.every(({ resourceNames }) => resourceNames !== undefined);
  const images = [...new Set(allowing.flatMap(({ resourceNames = [] }) => resourceNames))].toSorted();
  return {
    ...(isNamed && { images }),
    wildcards: [...new Set(allowing.flatMap(wildcardsOf))],
    bySubresource: allowing.every(({ resources }) => !includes(resources, profile.resource)),
  };
}

/** The reach by several ways together. */
export function joinedReach(reaches: readonly PullReach[]): PullReach {
  const isNamed = reaches.every(({ images }) => images !== undefined);
  return {
    ...(isNamed && { images: [...new Set(reaches.flatMap(({ images = [] }) => images))].toSorted() }),
    wildcards: [...new Set(reaches.flatMap(({ wildcards }) => wildcards))],
    bySubresource: reaches.some(({ bySubresource }) => bySubresource),
  };
}

/** Whether the rules do no more than to read what registries ask about. */
export function isPullOnly(rules: readonly RoleRule[], profiles: readonly PullProfile[]): boolean {
  const resources = new Set(profiles.flatMap(({ resource }) => [resource, `*/${resource.split('/')[1]}`]));
  const verbs = new Set([...profiles.map(({ verb }) => verb), 'get', 'list', 'watch']);
  return rules.every(
    (rule) => rule.resources.every((one) => resources.has(one)) && rule.verbs.every((one) => verbs.has(one)),
  );
}

function allows({ verbs, apiGroups, resources, resourceNames }: RoleRule, profile: PullProfile): boolean {
  const { verb, group, resource, joinedForm, nameFrom } = profile;
  // a rule for objects of some names means none where no name is asked about
  if (resourceNames !== undefined && nameFrom === 'none') return false;
  if (!includes(verbs, verb) || !includes(apiGroups, group)) return false;
  return includes(resources, resource) || (!joinedForm && resources.includes(`*/${resource.split('/')[1]}`));
}

function includes(values: readonly string[], value: string): boolean {
  return values.includes(ALL) || values.includes(value);
}

function wildcardsOf({ verbs, apiGroups, resources }: RoleRule): string[] {
  return [
    ...(verbs.includes(ALL) ? ['wildcard verb'] : []),
    ...(apiGroups.includes(ALL) ? ['wildcard API group'] : []),
    ...(resources.includes(ALL) ? ['wildcard resource'] : []),
  ];
}
