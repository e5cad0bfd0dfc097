// Roles and ClusterRoles: the first are read and written, of the second we only look what they allow.
import { isTransshipError } from '../errors.ts';
import type { Cluster } from './cluster.ts';
import { listPages } from './list-pages.ts';
import { rbacPath, readClusterRole, readRole, type ClusterRole, type Role, type RoleRule } from './rbac-objects.ts';
import { createRbac, deleteRbac, updateRbac, type RbacMarks, type SeenRbac, type WriteOptions } from './rbac-writes.ts';

export type RoleContent = RbacMarks & { rules: readonly RoleRule[] };

type Options = { signal?: AbortSignal };
type ListOptions = Options & { labelSelector?: string };

/** @throws TransshipError as `Cluster.send` does, but for not-found */
export async function getRole(
  cluster: Cluster,
  place: { namespace: string; name: string },
  options: Options = {},
): Promise<Role | undefined> {
  try {
    return readRole(await cluster.send({ method: 'GET', path: rbacPath('Role', place), ...options }));
  } catch (error) {
    if (isTransshipError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** In the order of namespace and name; one page at a time. @throws TransshipError as `Cluster.send` does */
export async function* listRoles(
  cluster: Cluster,
  { namespace, ...options }: ListOptions & { namespace?: string } = {},
): AsyncGenerator<readonly Role[]> {
  const path = rbacPath('Role', namespace === undefined ? {} : { namespace });
  for await (const { items } of listPages(cluster, { path, ...options })) yield items.map(readRole);
}

/** In the order of their names; one page at a time. @throws TransshipError as `Cluster.send` does */
export async function* listClusterRoles(
  cluster: Cluster,
  options: ListOptions = {},
): AsyncGenerator<readonly ClusterRole[]> {
  for await (const { items } of listPages(cluster, { path: rbacPath('ClusterRole'), ...options })) {
    yield items.map(readClusterRole);
  }
}

/** As `createRoleBinding`. @throws TransshipError denied for rules that we do not hold; else as `createRoleBinding` */
export async function createRole(
  cluster: Cluster,
  place: { namespace: string; name: string },
  content: RoleContent,
  options: WriteOptions,
): Promise<Role> {
  return readRole(await createRbac(cluster, 'Role', place, content, options));
}

/** As `updateRoleBinding`. @throws TransshipError as `createRole`, and object-conflict where it was written meanwhile */
export async function updateRole(
  cluster: Cluster,
  seen: SeenRbac,
  content: RoleContent,
  options: WriteOptions,
): Promise<Role> {
  return readRole(await updateRbac(cluster, 'Role', seen, content, options));
}

/** As `deleteRoleBinding`. */
export function deleteRole(cluster: Cluster, seen: SeenRbac, options: Options = {}): Promise<void> {
  return deleteRbac(cluster, 'Role', seen, options);
}
