// RoleBindings: read of a namespace, by label or all; made, changed in place and removed, each only where it still is as it was
// seen. `subjects` is one atomic list and `roleRef` never changes: nothing is ever added to a binding of somebody else.
import type { Cluster } from './cluster.ts';
import { listPages } from './list-pages.ts';
import {
  fullRoleRef,
  fullSubject,
  rbacPath,
  readBinding,
  readRoleBinding,
  type Binding,
  type RoleBinding,
  type RoleRef,
  type RoleSubject,
} from './rbac-objects.ts';
import { createRbac, deleteRbac, updateRbac, type RbacMarks, type SeenRbac, type WriteOptions } from './rbac-writes.ts';

export type BindingContent = RbacMarks & { roleRef: RoleRef; subjects: readonly RoleSubject[] };

type Options = { signal?: AbortSignal };
type ListOptions = Options & { labelSelector?: string; namespace?: string };

/** In the order of namespace and name; one page at a time. @throws TransshipError as `Cluster.send` does */
export async function* listRoleBindings(
  cluster: Cluster,
  { namespace, ...options }: ListOptions = {},
): AsyncGenerator<readonly RoleBinding[]> {
  const path = rbacPath('RoleBinding', namespace === undefined ? {} : { namespace });
  for await (const { items } of listPages(cluster, { path, ...options })) yield items.map(readRoleBinding);
}

/** In the order of their names; one page at a time. @throws TransshipError as `Cluster.send` does */
export async function* listClusterRoleBindings(
  cluster: Cluster,
  options: Options & { labelSelector?: string } = {},
): AsyncGenerator<readonly Binding[]> {
  const path = rbacPath('ClusterRoleBinding');
  for await (const { items } of listPages(cluster, { path, ...options })) yield items.map(readBinding);
}

/**
 * Makes one, and leaves alone what has its name.
 * @throws TransshipError object-conflict where the name is taken; denied where we may not bind that role; else as `Cluster.send`
 */
export async function createRoleBinding(
  cluster: Cluster,
  place: { namespace: string; name: string },
  content: BindingContent,
  options: WriteOptions,
): Promise<RoleBinding> {
  return readRoleBinding(await createRbac(cluster, 'RoleBinding', place, toSent(content), options));
}

/**
 * Changes subjects and marks where they stand.
 * @throws TransshipError object-conflict where it was written meanwhile, or somebody else owns its subjects (cause FieldManagerConflict);
 * object-refused for another role; else as `createRoleBinding`
 */
export async function updateRoleBinding(
  cluster: Cluster,
  seen: SeenRbac,
  content: BindingContent,
  options: WriteOptions,
): Promise<RoleBinding> {
  return readRoleBinding(await updateRbac(cluster, 'RoleBinding', seen, toSent(content), options));
}

/** Removes this very one in this very state; one that is gone is no failure. @throws TransshipError object-conflict; else as `Cluster.send` */
export function deleteRoleBinding(cluster: Cluster, seen: SeenRbac, options: Options = {}): Promise<void> {
  return deleteRbac(cluster, 'RoleBinding', seen, options);
}

function toSent({ roleRef, subjects, ...marks }: BindingContent) {
  return { ...marks, roleRef: fullRoleRef(roleRef), subjects: subjects.map(fullSubject) };
}
