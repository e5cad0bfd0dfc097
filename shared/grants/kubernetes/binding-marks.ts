// The marks on RoleBindings and Roles that are ours: which instance made them, for which grant. Without all of them an object is somebody
// else's, whatever it is called.
import { labelValue } from '../../cluster/label-value.ts';
import type { RbacMarks } from '../../cluster/rbac-writes.ts';
import { hash16 } from '../canonical.ts';
import { keyOf } from './binding-names.ts';

const DOMAIN = 'transship.io';
const INSTANCE = `${DOMAIN}/managed-by`;
/** The hash of the grant's name. */
const GRANT = `${DOMAIN}/grant`;
const GRANT_ID = `${DOMAIN}/grant-id`;
/** What stands in the key behind the grant. */
const GRANT_PART = `${DOMAIN}/grant-part`;

export type BindingOwner = { grant: string; part: string };

/** Selects what this instance made for any grant. */
export function grantsSelector(instance: string): string {
  return `${GRANT},${INSTANCE}=${labelValue(instance)}`;
}

export function marksOf(instance: string, { grant, part }: BindingOwner): RbacMarks {
  return {
    labels: { [GRANT]: hash16(grant), [INSTANCE]: labelValue(instance) },
    annotations: { [GRANT_ID]: grant, ...(part !== '' && { [GRANT_PART]: part }) },
  };
}

/**
 * Undefined: it is not ours. An annotation that somebody took away or changed leaves it ours by its labels, under a name that no grant has,
 * so that it is put in order.
 */
export function ownerOf({ labels, annotations }: RbacMarks, instance: string): BindingOwner | undefined {
  const hash = labels[GRANT];
  if (hash === undefined || labels[INSTANCE] !== labelValue(instance)) return undefined;
  const grant = annotations[GRANT_ID];
  if (grant === undefined || hash16(grant) !== hash) return { grant: `?${hash}`, part: '' };
  return { grant, part: annotations[GRANT_PART] ?? '' };
}

/** Whether some instance of Transship made it, this or another one. */
export function isMarked({ labels }: Pick<RbacMarks, 'labels'>): boolean {
  return labels[GRANT] !== undefined && labels[INSTANCE] !== undefined;
}

export function keyOfOwner({ grant, part }: BindingOwner): string {
  return `${keyOf({ grant })}${part}`;
}

/** Of a key: none of the signs is in the name of a grant. */
export function ownerOfKey(key: string): BindingOwner {
  const at = key.search(/[+#!]/);
  return at === -1 ? { grant: key, part: '' } : { grant: key.slice(0, at), part: key.slice(at) };
}
