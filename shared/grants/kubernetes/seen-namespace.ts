// What stands in a namespace that concerns grants: our RoleBindings with the Roles made for them, and what others have there.
import type { Cluster } from '../../cluster/cluster.ts';
import type { Role, RoleBinding } from '../../cluster/rbac-objects.ts';
import { listRoleBindings } from '../../cluster/role-bindings.ts';
import { listRoles } from '../../cluster/roles.ts';
import type { Json } from '../canonical.ts';
import { contentOf } from './binding-content.ts';
import { grantsSelector, keyOfOwner, ownerOf, type BindingOwner } from './binding-marks.ts';
import { duplicateKey } from './binding-names.ts';

export type SeenBinding = RoleBinding & {
  content: Json;
  /** Absent: it is somebody else's. */
  ours?: BindingOwner & { key: string };
};

export type SeenNamespace = {
  namespace: string;
  /** In the order of their names. */
  bindings: readonly SeenBinding[];
  /** Ours, where a binding of ours is to a Role. */
  roles: readonly Role[];
};

/** @throws TransshipError as `Cluster.send` does */
export async function readSeen(
  cluster: Cluster,
  namespace: string,
  { instance, ...options }: { instance: string; signal?: AbortSignal },
): Promise<SeenNamespace> {
  const pages = await Array.fromAsync(listRoleBindings(cluster, { namespace, ...options }));
  return toSeen(cluster, namespace, pages.flat(), { instance, ...options });
}

/** @param all of the namespace, in the order of their names. @throws TransshipError as `Cluster.send` does */
export async function toSeen(
  cluster: Cluster,
  namespace: string,
  all: readonly RoleBinding[],
  { instance, ...options }: { instance: string; signal?: AbortSignal },
): Promise<SeenNamespace> {
  const bindings = all.map((binding) => ({ binding, owner: ownerOf(binding, instance) }));
  const isNarrow = bindings.some(({ binding, owner }) => owner !== undefined && binding.roleRef.kind === 'Role');
  const roles = isNarrow ? await readOwnRoles(cluster, namespace, { instance, ...options }) : [];
  const taken = new Set<string>();
  const seen = bindings.map(({ binding, owner }): SeenBinding => {
    if (owner === undefined) return { ...binding, content: contentOf(bound(binding)) };
    const plain = keyOfOwner(owner);
    // of several that would be the same entry, because a change was cut off, the others have keys of their own
    const key = taken.has(plain) ? duplicateKey(plain, binding.name) : plain;
    taken.add(key);
    const role = binding.roleRef.kind === 'Role' ? roles.find(({ name }) => name === binding.roleRef.name) : undefined;
    const content = contentOf({ ...bound(binding), ...(role !== undefined && { rules: role.rules }) });
    return { ...binding, content, ours: { ...owner, key } };
  });
  return { namespace, bindings: seen, roles };
}

/** @throws TransshipError as `Cluster.send` does */
export async function readOwnRoles(
  cluster: Cluster,
  namespace: string,
  { instance, ...options }: { instance: string; signal?: AbortSignal },
): Promise<Role[]> {
  const selector = { namespace, labelSelector: grantsSelector(instance), ...options };
  return (await Array.fromAsync(listRoles(cluster, selector))).flat();
}

function bound({ roleRef, subjects }: RoleBinding): Pick<RoleBinding, 'roleRef' | 'subjects'> {
  return { roleRef, subjects };
}
