// The IAM policy of a repository as plain data, what of it are entries of grants, and how it is edited so that all else stays.
// https://cloud.google.com/iam/docs/reference/rest/v1/Policy
import { canonicalText, hash16, type Json } from '../canonical.ts';
import type { ObservedEntry } from '../entry.ts';

export const READER = 'roles/artifactregistry.reader';

export type Condition = { title: string; description: string; location: string; expression: string };

export type Binding = { role: string; members: readonly string[]; condition?: Condition };

export type Policy = {
  /** As base64; that of a policy nobody ever set is `ACAB`. */
  etag: string;
  bindings: readonly Binding[];
  /** As they came; nobody here looks into them. */
  auditConfigs: readonly unknown[];
};

/** One member of one binding. */
export type Access = { role: string; member: string; condition?: Partial<Condition> };

/** IAM may say `deleted:serviceAccount:x@…?uid=1`. */
const DELETED = /^deleted:(?<member>[^?]+)(?:\?uid=.*)?$/;
const EMAIL_MEMBER = /^(?:deleted:)?(?:user|serviceAccount|group|domain):/;
const MARK = /^pg:(?<grant>[a-z0-9-]+)@(?<instance>[a-z0-9-]+)$/;

/** What a condition that ends a grant is called: the title tells the grant, the description also whose it is. */
export function markOf(grant: string, instance: string): { title: string; description: string } {
  return { title: `pg-${hash16(grant)}`, description: `pg:${grant}@${instance}` };
}

export function untilExpression(end: Date): string {
  return `request.time < timestamp("${end.toISOString().replace(/\.\d+Z$/, 'Z')}")`;
}

/** When a condition of nothing but an end ends; undefined for every other one. */
export function endOf(expression: string): Date | undefined {
  const text = /^request\.time < timestamp\((?<quote>["'])(?<time>[^"']+)\k<quote>\)$/.exec(expression.trim());
  const end = new Date(text?.groups?.['time'] ?? Number.NaN);
  return Number.isNaN(end.getTime()) ? undefined : end;
}

/** Addresses are the same in any case, and IAM writes them in lower case. */
export function canonicalMember(member: string): string {
  if (!EMAIL_MEMBER.test(member)) return member;
  const colon = member.lastIndexOf(':');
  return member.slice(0, colon) + member.slice(colon).toLowerCase();
}

/** The member as it was before it was deleted; undefined for one that lives. */
export function deletedMember(member: string): string | undefined {
  return DELETED.exec(member)?.groups?.['member'];
}

/** In one form, whatever empty parts a library decodes. */
export function contentOf({ role, member, condition }: Access): Json {
  return {
    role,
    member: canonicalMember(member),
    ...(condition === undefined ? {} : { condition: canonicalCondition(condition) }),
  };
}

export function keyOf({ role, member, condition }: Access): string {
  const end = condition === undefined ? '' : ` ${condition.title ?? ''}`;
  return `${role} ${canonicalMember(member)}${end}`;
}

/** What people know it by, the same in plans, proofs and audits. */
export function nameOf({ role, member, condition }: Access): string {
  return `binding of ${role}${condition === undefined ? '' : ` if ${condition.title}`} for ${member}`;
}

export function accessesOf({ bindings }: Policy): Access[] {
  return bindings.flatMap(({ role, members, condition }) =>
    members.map((member) => ({ role, member, ...(condition === undefined ? {} : { condition }) })),
  );
}

/** Who may read, each once. Other roles are not what grants write. */
export function observedEntries(policy: Policy, instance: string): ObservedEntry[] {
  const entries = new Map<string, ObservedEntry>();
  const accesses = accessesOf(policy).filter(({ role }) => role === READER);
  // where two have one title, the one that ends last has the plain key
  const expression = ({ condition }: Access): string => condition?.expression ?? '';
  for (const access of accesses.toSorted((left, right) => (expression(left) < expression(right) ? 1 : -1))) {
    const content = contentOf(access);
    const { owner, grant } = ownerOf(access.condition, instance);
    const exact = `${keyOf({ role: access.role, member: access.member })} ${hash16(canonicalText(content))}`;
    const plain = keyOf(access);
    const taken = entries.get(plain);
    if (taken !== undefined && canonicalText(taken.content) === canonicalText(content)) continue;
    const key = owner === 'foreign' || taken !== undefined ? exact : plain;
    const label = nameOf(access);
    entries.set(key, { key, content, owner, label, ...(grant === undefined ? {} : { grant }) });
  }
  return [...entries.values()];
}

/** Without a condition there is no room for a mark; a title like ours without the rest may have been made by anybody. */
export function ownerOf(
  condition: Partial<Condition> | undefined,
  instance: string,
): Pick<ObservedEntry, 'owner'> & { grant?: string } {
  if (condition === undefined) return { owner: 'unmarked' };
  const { title = '', description = '' } = condition;
  const { grant, instance: whose } = MARK.exec(description)?.groups ?? {};
  if (grant !== undefined && whose !== undefined && title === markOf(grant, whose).title) {
    return whose === instance ? { owner: 'ours', grant } : { owner: 'foreign' };
  }
  return /^pg-[0-9a-f]{16}$/.test(title) && description === '' ? { owner: 'unmarked' } : { owner: 'foreign' };
}

/** The bindings without some accesses and with others. Bindings that lose nobody stay as they are, in their order. */
export function editBindings(
  bindings: readonly Binding[],
  { removed, added }: { removed: readonly Access[]; added: readonly Access[] },
): Binding[] {
  const gone = new Set(removed.map((access) => canonicalText(contentOf(access))));
  const edited = bindings.flatMap((binding): Binding[] => {
    const members = binding.members.filter((member) => !gone.has(textOf(binding, member)));
    if (members.length === binding.members.length) return [binding];
    return members.length === 0 ? [] : [{ ...binding, members }];
  });
  for (const access of added) addTo(edited, access);
  return edited;
}

function addTo(bindings: Binding[], { role, member, condition }: Access): void {
  const wanted = textOf({ role, ...(condition === undefined ? {} : { condition }) }, member);
  if (bindings.some((binding) => binding.members.some((one) => textOf(binding, one) === wanted))) return;
  const at = bindings.findIndex((binding) => textOf(binding, member) === wanted);
  const found = bindings[at];
  if (found === undefined) {
    const whole = condition === undefined ? {} : { condition: { ...EMPTY_CONDITION, ...condition } };
    bindings.push({ role, members: [member], ...whole });
  } else {
    bindings[at] = { ...found, members: [...found.members, member] };
  }
}

const EMPTY_CONDITION: Condition = { title: '', description: '', location: '', expression: '' };

function textOf({ role, condition }: Omit<Access, 'member'>, member: string): string {
  return canonicalText(contentOf({ role, member, ...(condition === undefined ? {} : { condition }) }));
}

function canonicalCondition(condition: Partial<Condition>): Json {
  const { title, description, location, expression } = condition;
  return {
    ...(title ? { title } : {}),
    ...(description ? { description } : {}),
    ...(location ? { location } : {}),
    ...(expression ? { expression } : {}),
  };
}

/** What an entry of ours holds. Undefined for content of another form. */
export function accessIn(content: Json): Access | undefined {
  if (!isObject(content)) return undefined;
  const { role, member, condition } = content;
  if (typeof role !== 'string' || typeof member !== 'string') return undefined;
  if (condition === undefined) return { role, member };
  if (!isObject(condition)) return undefined;
  const texts = Object.entries(condition).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return { role, member, condition: Object.fromEntries(texts) };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
