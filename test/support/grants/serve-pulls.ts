// Makes an API server look like one whose registry is inside of it: the resources that the registry asks about are served, and the role of
// the platform that allows pulls is there.
import type { PullProfile } from '../../../shared/grants/pull-profile.ts';
import type { Kubernetes } from '../kubernetes.ts';

/** Resolves when kubectl, and whoever else looks, finds them. */
export async function servePulls(kubernetes: Kubernetes, ...profiles: readonly PullProfile[]): Promise<void> {
  await kubernetes.apply(...profiles.map(definition), ...rolesOf(profiles));
  const names = profiles.map((profile) => `crd/${crdName(profile)}`);
  await kubernetes.kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...names]);
}

function crdName({ group, resource }: PullProfile): string {
  return `${resource.split('/')[0]}.${group}`;
}

function definition(profile: PullProfile): object {
  const [plural = ''] = profile.resource.split('/');
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: crdName(profile), annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' } },
    spec: {
      group: profile.group,
      scope: 'Namespaced',
      names: { kind: plural === 'images' ? 'Image' : 'ImageStream', plural, singular: plural.replace(/s$/, '') },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

function rolesOf(profiles: readonly PullProfile[]): object[] {
  return [...Map.groupBy(profiles, ({ clusterRole }) => clusterRole)].map(([name, asking]) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: asking.map(({ group, resource, verb }) => ({ apiGroups: [group], resources: [resource], verbs: [verb] })),
  }));
}
