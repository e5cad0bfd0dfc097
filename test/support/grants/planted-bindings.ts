// Bindings of every kind by which somebody may, or looks as if they might, pull from a registry inside of a cluster.
import { PULL_PROFILES } from '../../../shared/grants/pull-profiles.ts';

const RBAC = 'rbac.authorization.k8s.io';
const { acp, openshift } = PULL_PROFILES;
const PULLER = { kind: 'ClusterRole', name: acp.clusterRole };

type Subject = { kind: 'ServiceAccount'; namespace: string; name: string } | { kind: 'User' | 'Group'; name: string };
type RoleRef = { kind: string; name: string };

const user = (name: string): Subject => ({ kind: 'User', name });
const group = (name: string): Subject => ({ kind: 'Group', name });
const serviceAccount = (namespace: string, name: string): Subject => ({
  kind: 'ServiceAccount',
  namespace,
  name,
});

export function plantedBindings(): object[] {
  return [
    ...['my-ns', 'shared-ns', 'other-ns', 'public-ns', 'team-a', 'ops'].map(namespace),
    role('everything', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]),
    role('base-only', [rule(openshift, { resourceNames: ['base'] }), rule(acp, { resourceNames: ['base'] })]),
    role('list-only', [rule(acp, { verbs: ['list'] })]),
    role('any-layers', [{ apiGroups: [openshift.group], resources: ['*/layers'], verbs: ['get'] }]),
    role('reader', [rule(acp), { apiGroups: [''], resources: ['pods'], verbs: ['get'] }]),
    roleBinding('shared-ns', 'cross-ns-pull', [serviceAccount('my-ns', 'default')]),
    roleBinding('shared-ns', 'people', [user('jane'), group('dev')]),
    roleBinding('shared-ns', 'accounts', [group('system:serviceaccounts:team-a')]),
    roleBinding('shared-ns', 'dead', [serviceAccount('my-ns', 'gone'), serviceAccount('gone-ns', 'default')]),
    roleBinding('shared-ns', 'wild', [user('wild')], { kind: 'Role', name: 'everything' }),
    roleBinding('shared-ns', 'narrow', [user('narrow')], { kind: 'Role', name: 'base-only' }),
    roleBinding('shared-ns', 'lister', [user('lister')], { kind: 'Role', name: 'list-only' }),
    roleBinding('shared-ns', 'layers', [user('layers')], { kind: 'Role', name: 'any-layers' }),
    roleBinding('shared-ns', 'reads', [user('reader')], { kind: 'Role', name: 'reader' }),
    roleBinding('shared-ns', 'ghost', [user('ghost')], { kind: 'ClusterRole', name: 'gone' }),
    roleBinding('shared-ns', 'views', [user('viewer')], { kind: 'ClusterRole', name: 'view' }),
    roleBinding('other-ns', 'elsewhere', [user('jane')]),
    roleBinding('my-ns', 'misplaced', [serviceAccount('my-ns', 'builder')]),
    roleBinding('my-ns', 'system:image-pullers', [group('system:serviceaccounts:my-ns')]),
    roleBinding('public-ns', 'public', [group('system:authenticated')]),
    clusterRoleBinding('all-pull', [serviceAccount('ops', 'deployer')], PULLER),
    clusterRoleBinding('admins', [group('admins')], { kind: 'ClusterRole', name: 'cluster-admin' }),
  ];
}

function namespace(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function rule({ group: apiGroup, resource, verb }: { group: string; resource: string; verb: string }, more = {}) {
  return { apiGroups: [apiGroup], resources: [resource], verbs: [verb], ...more };
}

function role(name: string, rules: readonly object[]): object {
  return { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name, namespace: 'shared-ns' }, rules };
}

function roleBinding(place: string, name: string, subjects: readonly Subject[], roleRef: RoleRef = PULLER): object {
  return { ...bound('RoleBinding', subjects, roleRef), metadata: { name, namespace: place } };
}

function clusterRoleBinding(name: string, subjects: readonly Subject[], roleRef: RoleRef): object {
  return { ...bound('ClusterRoleBinding', subjects, roleRef), metadata: { name } };
}

function bound(kind: string, subjects: readonly Subject[], roleRef: RoleRef): object {
  return {
    apiVersion: `${RBAC}/v1`,
    kind,
    roleRef: { apiGroup: RBAC, ...roleRef },
    subjects: subjects.map((one) => (one.kind === 'ServiceAccount' ? one : { apiGroup: RBAC, ...one })),
  };
}
