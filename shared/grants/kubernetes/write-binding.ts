// Writes one entry of a namespace, on what was just read of it. Nothing is forced, and nothing of others is touched:
//
//   create   under a free one of the entry's two names; what has it meanwhile stays
//   update   in place; for another role (which is immutable), or where somebody else took the subjects over, a new binding is made under
//            the other name, and then the old one goes: at no moment is there none
//   delete   this very object in this very state
//
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#rolebinding-and-clusterrolebinding
import { isFieldManagerConflict } from '../../cluster/api-status.ts';
import type { BindingContent as SentBinding } from '../../cluster/role-bindings.ts';
import { createRoleBinding, deleteRoleBinding, updateRoleBinding } from '../../cluster/role-bindings.ts';
import { TransshipError } from '../../errors.ts';
import type { EntryChange } from '../backend.ts';
import { canonicalText, type Json } from '../canonical.ts';
import { contentOf, readContent, type BindingContent } from './binding-content.ts';
import { marksOf, ownerOfKey, type BindingOwner } from './binding-marks.ts';
import { bindingNames } from './binding-names.ts';
import type { SeenBinding, SeenNamespace } from './seen-namespace.ts';
import { ensureRole, signalOf, type Writing } from './write-role.ts';

type Change<Op extends EntryChange['op']> = Extract<EntryChange, { op: Op }>;

/** @throws TransshipError object-conflict where what is there is not what the change is for; else as the writes of the cluster */
export async function writeBinding(
  writing: Writing,
  seen: SeenNamespace,
  change: EntryChange,
): Promise<'written' | 'unchanged'> {
  if (change.op === 'delete') return remove(writing, seen, change);
  const { key, content } = change.wanted;
  const owner = ownerOfKey(key);
  const siblings = seen.bindings.filter(({ ours }) => ours?.grant === owner.grant && ours.part === owner.part);
  const right = siblings.find((one) => isSame(one.content, content));
  if (right !== undefined) {
    // the others were left behind by a change that was cut off
    const others = siblings.filter((one) => one !== right);
    for (const other of others) await deleteRoleBinding(writing.cluster, other, signalOf(writing.options));
    return others.length === 0 ? 'unchanged' : 'written';
  }
  const before = bindingBefore(seen, siblings, change);
  const wanted = readContent(content);
  if (wanted.rules !== undefined) {
    await ensureRole(writing, seen, { name: wanted.roleRef.name, grant: owner.grant, rules: wanted.rules });
  }
  if (before === undefined) await create(writing, seen, owner, wanted);
  else await put(writing, seen, before, owner, wanted);
  return 'written';
}

/** Undefined: there is none to be. @throws TransshipError object-conflict */
function bindingBefore(
  { namespace, bindings }: SeenNamespace,
  siblings: readonly SeenBinding[],
  change: Exclude<EntryChange, Change<'delete'>>,
): SeenBinding | undefined {
  const { key } = change.wanted;
  if (change.op === 'create') {
    if (siblings.length === 0) return undefined;
    throw outdated(namespace, key);
  }
  const candidates = change.op === 'adopt' ? bindings.filter(({ ours }) => ours === undefined) : siblings;
  const before = candidates.find((one) => isSame(one.content, change.before));
  if (before === undefined) throw outdated(namespace, key);
  return before;
}

async function create(
  { cluster, instance, options }: Writing,
  { namespace, bindings }: SeenNamespace,
  owner: BindingOwner,
  wanted: BindingContent,
): Promise<void> {
  const names = bindingNames(instance, owner.grant, owner.part);
  const name = names.find((one) => bindings.every((binding) => binding.name !== one));
  if (name === undefined) {
    throw new TransshipError(
      'conflict-refused',
      `cluster ${cluster.name}: both names for this grant in namespace ${namespace}, ${names.join(' and ')}, are taken by RoleBindings of somebody else`,
      { hint: 'remove or rename one of them' },
    );
  }
  await createRoleBinding(cluster, { namespace, name }, sent(instance, owner, wanted), options);
}

async function put(
  writing: Writing,
  seen: SeenNamespace,
  before: SeenBinding,
  owner: BindingOwner,
  wanted: BindingContent,
): Promise<void> {
  const { cluster, instance, options } = writing;
  if (before.roleRef.kind === wanted.roleRef.kind && before.roleRef.name === wanted.roleRef.name) {
    const isEqual = isSame(contentOf(bound(before)), contentOf(bound(wanted)));
    // only the Role was another one
    if (before.ours !== undefined && isEqual) return;
    // another order would take the list away from whoever wrote it
    const { subjects } = isEqual ? before : wanted;
    try {
      await updateRoleBinding(cluster, before, sent(instance, owner, { ...wanted, subjects }), options);
      return;
    } catch (error) {
      if (!isFieldManagerConflict(error) || before.ours === undefined) throw error;
    }
  }
  await create(writing, seen, owner, wanted);
  await deleteRoleBinding(cluster, before, signalOf(options));
}

async function remove(
  { cluster, options }: Writing,
  { namespace, bindings }: SeenNamespace,
  { key, before }: Change<'delete'>,
): Promise<'written' | 'unchanged'> {
  const found = bindings.find(({ ours }) => ours?.key === key);
  if (found === undefined) return 'unchanged';
  if (!isSame(found.content, before)) throw outdated(namespace, key);
  await deleteRoleBinding(cluster, found, signalOf(options));
  return 'written';
}

function sent(instance: string, owner: BindingOwner, { roleRef, subjects }: BindingContent): SentBinding {
  return { ...marksOf(instance, owner), roleRef, subjects };
}

function bound({ roleRef, subjects }: BindingContent): BindingContent {
  return { roleRef, subjects };
}

function isSame(left: Json, right: Json): boolean {
  return canonicalText(left) === canonicalText(right);
}

function outdated(namespace: string, key: string): TransshipError {
  return new TransshipError(
    'object-conflict',
    `namespace ${namespace}: what stands there for ${key} is not what the change was planned from`,
    { retryable: true, hint: 'somebody else wrote it meanwhile: the next run plans anew' },
  );
}
