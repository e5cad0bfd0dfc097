// What changes of entries are in a policy as it is now: who goes, who comes, and whether it is still what was planned on.
import { TransshipError } from '../../errors.ts';
import type { EntryChange, EntryOutcome } from '../backend.ts';
import { canonicalText, type Json } from '../canonical.ts';
import { accessesOf, accessIn, contentOf, keyOf, type Access, type Policy } from './policy.ts';

export type PolicyEdit = { removed: Access[]; added: Access[]; outcomes: EntryOutcome[] };

/** @throws TransshipError object-conflict where an entry is not as its change has it before */
export function editOf(policy: Policy, changes: readonly EntryChange[]): PolicyEdit {
  const accesses = accessesOf(policy);
  const there = new Set(accesses.map((access) => canonicalText(contentOf(access))));
  const edit: PolicyEdit = { removed: [], added: [], outcomes: [] };
  for (const change of changes) {
    const { key, before, wanted } = sidesOf(change);
    const isBefore = before !== undefined && there.has(canonicalText(before));
    const isWanted = wanted !== undefined && there.has(canonicalText(wanted));
    checkUnchanged(change, accesses, { isBefore, isWanted });
    const removed = isBefore && !isSame(before, wanted) ? [accessOf(before)] : [];
    const added = wanted !== undefined && !isWanted ? [accessOf(wanted)] : [];
    edit.removed.push(...removed);
    edit.added.push(...added);
    edit.outcomes.push({ key, state: removed.length + added.length > 0 ? 'written' : 'unchanged' });
  }
  return edit;
}

/** What an entry holds. */
export function accessOf(content: Json): Access {
  const access = accessIn(content);
  if (access !== undefined) return access;
  throw new TransshipError('internal', `an entry of Artifact Registry holds ${canonicalText(content)}`);
}

function sidesOf(change: EntryChange): { key: string; before: Json | undefined; wanted: Json | undefined } {
  if (change.op === 'delete') return { key: change.key, before: change.before, wanted: undefined };
  const { key, content } = change.wanted;
  return { key, before: change.op === 'create' ? undefined : change.before, wanted: content };
}

function checkUnchanged(
  change: EntryChange,
  accesses: readonly Access[],
  { isBefore, isWanted }: { isBefore: boolean; isWanted: boolean },
): void {
  // what is as it should be needs nothing, whoever made it so
  if (isWanted) return;
  if (change.op === 'delete') {
    if (!isBefore && isHeld(accesses, change.key, change.before)) throw changedMeanwhile(change.key);
    return;
  }
  const { key, content } = change.wanted;
  const isAsPlanned = change.op === 'create' ? !isHeld(accesses, key, content) : change.op === 'update' && isBefore;
  if (!isAsPlanned) throw changedMeanwhile(key);
}

/** Something with the same mark is under this key. */
function isHeld(accesses: readonly Access[], key: string, content: Json): boolean {
  const mark = accessOf(content).condition?.description ?? '';
  return accesses.some((access) => keyOf(access) === key && (access.condition?.description ?? '') === mark);
}

function isSame(one: Json, other: Json | undefined): boolean {
  return other !== undefined && canonicalText(one) === canonicalText(other);
}

function changedMeanwhile(key: string): TransshipError {
  return new TransshipError('object-conflict', `${key} is not as it was when this was planned`, {
    hint: 'plan anew',
    details: { operation: 'write the IAM policy' },
  });
}
