// The rights that grants need in a cluster: RoleBindings to the roles that let one pull, and no others. Nothing here lets us raise our own
// rights: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
import type { GrantNeeds } from './grant-needs.ts';
import type { PolicyRule } from './permissions.ts';

const RBAC = 'rbac.authorization.k8s.io';
const WRITES = ['get', 'list', 'watch', 'create', 'patch', 'delete'];

/** In the whole cluster, or in each Namespace of images. */
export function bindingPermissions({ clusterRoles, narrowProfiles }: GrantNeeds): PolicyRule[] {
  const bind = { ...rule(RBAC, 'clusterroles', ['bind']), resourceNames: clusterRoles };
  return [
    rule(RBAC, 'rolebindings', WRITES),
    ...(clusterRoles.length === 0 ? [] : [bind]),
    ...(narrowProfiles.length === 0 ? [] : [rule(RBAC, 'roles', WRITES)]),
    // who makes a Role must hold what it gives
    ...narrowProfiles.map(({ group, resource, verb }) => rule(group, resource, [verb])),
  ];
}

/** In the whole cluster, whatever the mode: reviews belong to no Namespace. */
export function reviewPermissions({ reviewsTokens }: GrantNeeds): PolicyRule[] {
  return [
    rule('authorization.k8s.io', 'subjectaccessreviews', ['create']),
    ...(reviewsTokens ? [rule('authentication.k8s.io', 'tokenreviews', ['create'])] : []),
  ];
}

/** What grants mean, and what audits look at. */
export function lookPermissions({ isWatching }: { isWatching: boolean }): PolicyRule[] {
  return [
    rule('', 'namespaces', ['get', 'list', ...(isWatching ? ['watch'] : [])]),
    rule('', 'serviceaccounts', ['get', 'list']),
    { apiGroups: [RBAC], resources: ['roles', 'clusterroles', 'clusterrolebindings'], verbs: ['get', 'list'] },
  ];
}

/** In each Namespace of images, for the mode that looks nowhere else. */
export function namespaceLookPermissions(): PolicyRule[] {
  return [rule('', 'namespaces', ['get']), rule(RBAC, 'roles', ['get', 'list'])];
}

/** Where passwords are kept that registries show only once: made by a PATCH that names them, so that "create" is limited to names. */
export function keptSecretPermissions(names: readonly string[]): PolicyRule[] {
  return [{ ...rule('', 'secrets', ['get', 'create', 'patch']), resourceNames: [...names] }];
}

function rule(group: string, resource: string, verbs: readonly string[]): PolicyRule {
  // a list that stands twice would be an alias in YAML
  return { apiGroups: [group], resources: [resource], verbs: [...verbs] };
}
