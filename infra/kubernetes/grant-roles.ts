// Roles for what grants need, beside those for credentials: who takes one kind of work from Transship takes its rights with it.
import {
  bindingPermissions,
  keptSecretPermissions,
  lookPermissions,
  namespaceLookPermissions,
  reviewPermissions,
} from './grant-permissions.ts';
import { imageNamespaces, type GrantNeeds } from './grant-needs.ts';
import type { Manifest } from './kubernetes-object.ts';
import type { Mode } from './permissions.ts';
import { clusterRole, namespaceRole, type RoleOptions } from './roles.ts';

/** @throws TransshipError invalid-usage where the grants do not fit the mode */
export function grantRoles(
  needs: GrantNeeds,
  { cluster, mode, isWatching }: { cluster: string; mode: Mode; isWatching: boolean },
  role: RoleOptions,
): Manifest[] {
  if (mode === 'webhook' || mode === 'watcher') return [];
  return [...bindingRoles(needs, { cluster, mode, isWatching }, role), ...keptSecretRoles(needs, role)];
}

function bindingRoles(
  needs: GrantNeeds,
  { cluster, mode, isWatching }: { cluster: string; mode: Mode; isWatching: boolean },
  role: RoleOptions,
): Manifest[] {
  const suffix = 'grants';
  const purpose = `What grants of pulls take in the whole cluster: RoleBindings to ${needs.clusterRoles.join(', ')} and to no other role.`;
  if (mode !== 'namespaced') {
    const rules = [...lookPermissions({ isWatching }), ...bindingPermissions(needs), ...reviewPermissions(needs)];
    return clusterRole({ suffix, rules, purpose }, role);
  }
  const reviews = 'Reviews belong to no Namespace: whether somebody may pull, and whose token it is.';
  return [
    ...clusterRole({ suffix, rules: reviewPermissions(needs), purpose: reviews }, role),
    ...imageNamespaces(needs, cluster).flatMap((namespace) =>
      namespaceRole(
        {
          namespace,
          suffix,
          rules: [...namespaceLookPermissions(), ...bindingPermissions(needs)],
          purpose: `What grants of pulls from ${namespace} take, and nothing more.`,
        },
        role,
      ),
    ),
  ];
}

function keptSecretRoles({ keptSecrets }: GrantNeeds, role: RoleOptions): Manifest[] {
  return [...keptSecrets].flatMap(([namespace, names]) =>
    namespaceRole(
      {
        namespace,
        suffix: 'grant-secrets',
        rules: keptSecretPermissions(names),
        purpose: `Passwords of robots and tokens that grants make are kept in ${names.join(', ')}.`,
      },
      role,
    ),
  );
}
