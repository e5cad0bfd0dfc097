// The Role that a binding for single images takes: it is there, with the right rules, before the binding is, and goes when none is left.
import type { Cluster } from '../../cluster/cluster.ts';
import type { Role, RoleRule } from '../../cluster/rbac-objects.ts';
import { createRole, deleteRole, getRole, updateRole } from '../../cluster/roles.ts';
import type { WriteOptions } from '../../cluster/rbac-writes.ts';
import { TransshipError } from '../../errors.ts';
import { canonicalText } from '../canonical.ts';
import { contentOf } from './binding-content.ts';
import { marksOf, ownerOf } from './binding-marks.ts';
import { readOwnRoles, readSeen, type SeenNamespace } from './seen-namespace.ts';

export type Writing = { cluster: Cluster; instance: string; options: WriteOptions };

/** @throws TransshipError conflict-refused where somebody else has a Role of that name; object-conflict where it was written meanwhile */
export async function ensureRole(
  writing: Writing,
  { namespace, roles }: SeenNamespace,
  { name, grant, rules }: { name: string; grant: string; rules: readonly RoleRule[] },
): Promise<void> {
  const { cluster, instance, options } = writing;
  const content = { ...marksOf(instance, { grant, part: '' }), rules };
  const seen = roles.find((role) => role.name === name) ?? (await ownRole(writing, { namespace, name }));
  if (seen === undefined) await createRole(cluster, { namespace, name }, content, options);
  else if (rulesText(seen.rules) !== rulesText(rules)) await updateRole(cluster, seen, content, options);
}

async function ownRole(
  { cluster, instance, options }: Writing,
  place: { namespace: string; name: string },
): Promise<Role | undefined> {
  const there = await getRole(cluster, place, signalOf(options));
  if (there === undefined || ownerOf(there, instance) !== undefined) return there;
  throw new TransshipError(
    'conflict-refused',
    `cluster ${cluster.name}: Role ${place.name} in namespace ${place.namespace} is somebody else's`,
    { hint: 'remove or rename it: this grant needs a Role of that name for its images' },
  );
}

/** Removes our Roles that no binding names. @throws TransshipError as `Cluster.send` does */
export async function removeUnusedRoles({ cluster, instance, options }: Writing, namespace: string): Promise<void> {
  const own = { instance, ...signalOf(options) };
  const [{ bindings }, roles] = await Promise.all([
    readSeen(cluster, namespace, own),
    readOwnRoles(cluster, namespace, own),
  ]);
  const used = new Set(bindings.filter(({ roleRef }) => roleRef.kind === 'Role').map(({ roleRef }) => roleRef.name));
  for (const role of roles) if (!used.has(role.name)) await deleteRole(cluster, role, signalOf(options));
}

export function signalOf({ signal }: { signal?: AbortSignal }): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function rulesText(rules: readonly RoleRule[]): string {
  return canonicalText(contentOf({ roleRef: { kind: 'Role', name: '' }, subjects: [], rules }));
}
