// How a grant's entries in a namespace are called: the key that only Transship sees, and the names that their objects may have.
import { hash16 } from '../canonical.ts';

// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
const LONGEST_NAME = 63;

/**
 * The grant, and what tells its entries in one namespace apart: the role where there are several, the number where there are more subjects
 * than one binding holds. `base`, `base+custom-puller`, `base#1`.
 */
export type BindingKey = { grant: string; role?: string; shard?: number };

export function keyOf({ grant, role, shard }: BindingKey): string {
  return `${grant}${partOf({ ...(role !== undefined && { role }), ...(shard !== undefined && { shard }) })}`;
}

/** What stands in a key behind the grant; empty where it has one entry only. */
function partOf({ role, shard }: Omit<BindingKey, 'grant'>): string {
  return `${role === undefined ? '' : `+${role}`}${shard === undefined ? '' : `#${shard}`}`;
}

/** Of an entry that would have the key of another one, because it was left behind half-way: neither grants nor roles have an `!` in them. */
export function duplicateKey(key: string, name: string): string {
  return `${key}!${name}`;
}

/**
 * The names for the object of an entry, in the order in which they are tried: one may be held by somebody else, and a binding whose role
 * changes is made under the other one before it goes.
 * @param part what stands in the key behind the grant
 */
export function bindingNames(instance: string, grant: string, part: string): readonly [string, string] {
  const shard = /#(\d+)$/.exec(part)?.[1];
  const suffix = shard === undefined ? '' : `-${shard}`;
  const role = shard === undefined ? part : part.slice(0, part.lastIndexOf('#'));
  const hashed = `pull-grant-${hash16(ofInstance(instance, `${grant}${role}`))}${suffix}`;
  const plain = `pull-grant-${grant}${suffix}`;
  if (role === '' && plain.length <= LONGEST_NAME) return [plain, hashed];
  return [hashed, `pull-grant-${hash16(ofInstance(instance, `${grant}${role}+`))}${suffix}`];
}

/** Of the Role that names single images. */
export function narrowRoleName(instance: string, grant: string): string {
  return `pull-grant-${hash16(ofInstance(instance, grant))}`;
}

/** Two instances have grants of the same name. */
function ofInstance(instance: string, text: string): string {
  return instance === 'transship' ? text : `${instance}/${text}`;
}
