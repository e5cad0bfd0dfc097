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
  /** Ours. */
  roles: readonly Role[];
};

/** @throws TransshipError as `Cluster.send` does */
export async function readSeen(
  cluster: Cluster,
  namespace: string,
  { instance, ...options }: { instance: string; signal?: AbortSignal },
): Promise<SeenNamespace> {
  const [bindings, roles] = await Promise.all([
    Array.fromAsync(listRoleBindings(cluster, { namespace, ...options })),
    Array.fromAsync(listRoles(cluster, { namespace, labelSelector: grantsSelector(instance), ...options })),
  ]);
  return toSeen(namespace, bindings.flat(), roles.flat(), instance);
}

/** Of several that would be the same entry, because a change was cut off, the others have keys of their own. */
function toSeen(
  namespace: string,
  bindings: readonly RoleBinding[],
  roles: readonly Role[],
  instance: string,
): SeenNamespace {
  const taken = new Set<string>();
  const seen = bindings.map((binding): SeenBinding => {
    const owner = ownerOf(binding, instance);
    if (owner === undefined) return { ...binding, content: contentOf(binding) };
    const { roleRef, subjects } = binding;
    const role = roleRef.kind === 'Role' ? roles.find(({ name }) => name === roleRef.name) : undefined;
    const content = contentOf({ roleRef, subjects, ...(role !== undefined && { rules: role.rules }) });
    const plain = keyOfOwner(owner);
    const key = taken.has(plain) ? duplicateKey(plain, binding.name) : plain;
    taken.add(key);
    return { ...binding, content, ours: { ...owner, key } };
  });
  return { namespace, bindings: seen, roles };
}
