// Changes what a principal reads in a registry. All grants for one principal and role are one assignment, which is made anew as a whole:
//
//   assignments now ──▶ patterns of ours, without those that go, with those that come ──▶ none: DELETE, else PUT
//                                  ▲                                                        │ 409 RoleAssignmentExists: it is
//                                  └────────────── look again ◀─────────────────────────────┤ not shown yet, or somebody was first
//                                                                                           └ 400 PrincipalNotFound: wait for it
import { isTransshipError, TransshipError } from '../../errors.ts';
import type { ResourceManager } from '../../identity/azure-resource.ts';
import type { EntryChange, EntryOutcome } from '../backend.ts';
import { canonicalText } from '../canonical.ts';
import {
  deleteAssignment,
  listAssignments,
  pullAssignments,
  putAssignment,
  type Assignment,
  type NewAssignment,
} from './assignments.ts';
import { conditionOf } from './condition.ts';
import { holderIn, roleIn, type RoleContent } from './entry-content.ts';
import { formatMark, ownerOfMark, parseMark } from './mark.ts';
import { alsoOf, patternsIn, roleEntries, roleNameOf } from './role-entries.ts';

export type RoleWrite = {
  manager: ResourceManager;
  registryId: string;
  instance: string;
  pause: (ms: number, signal?: AbortSignal) => Promise<void>;
  signal?: AbortSignal | undefined;
};

const MOST_TRIES = 6;
const FIRST_PAUSE_MS = 1_000;
/** Of a condition; a description may have 2 KB. https://learn.microsoft.com/azure/role-based-access-control/conditions-faq */
const MOST_CONDITION = 8 * 1024;
const MOST_DESCRIPTION = 2 * 1024;
const CHECK_PRINCIPAL =
  'check the object ID (of a service principal that of the enterprise application, not the application ID) and its type';

/** @throws TransshipError object-conflict where an entry is not as a change has it before */
export async function writeRoles(write: RoleWrite, changes: readonly EntryChange[]): Promise<EntryOutcome[]> {
  const outcomes: EntryOutcome[] = [];
  for (const [holder, group] of Map.groupBy(changes, holderOf))
    outcomes.push(...(await writeHolder(write, holder, group)));
  return outcomes;
}

/** Those of one principal in one role. */
async function writeHolder(write: RoleWrite, holder: string, changes: readonly EntryChange[]): Promise<EntryOutcome[]> {
  const { manager, registryId, signal, pause } = write;
  for (let tried = 1; ; tried += 1) {
    const all = pullAssignments(await listAssignments(manager, registryId), registryId);
    const current = all.find(
      (assignment) => holder === holderIn({ role: roleNameOf(assignment) ?? '', principalId: assignment.principalId }),
    );
    try {
      return await writeOnce(write, current, changes);
    } catch (error) {
      const { reason, status } = isTransshipError(error) ? error.details : {};
      const mayPass = reason === 'RoleAssignmentExists' || reason === 'PrincipalNotFound';
      // rights may be limited to some principals, too: who is refused keeps nobody else waiting
      if (!isTransshipError(error) || (!mayPass && status !== 400 && status !== 403)) throw error;
      if (!mayPass || tried >= MOST_TRIES) {
        const why = typeof reason === 'string' ? reason : `status ${status}`;
        return changes.map((change) => refused(change, why, status === 403 ? error.hint : undefined));
      }
      await pause(FIRST_PAUSE_MS * 2 ** (tried - 1), signal);
    }
  }
}

async function writeOnce(
  { manager, registryId, instance }: RoleWrite,
  current: Assignment | undefined,
  changes: readonly EntryChange[],
): Promise<EntryOutcome[]> {
  const now = (current === undefined ? undefined : patternsIn(current, instance)) ?? [];
  const next = nextPatterns(current, now, instance, changes);
  if (current !== undefined && ownerOfMark(current.description, instance) !== 'ours') {
    return writeForeign({ manager, registryId, instance }, current, now, changes);
  }
  const [like] = changes.flatMap((change) => roleOf(change) ?? []);
  if (next.length === 0 && current !== undefined) await deleteAssignment(manager, current);
  if (next.length > 0 && like !== undefined && !isSame(next, now)) {
    const wanted = assignmentFor(like, next, markFor(current, next, changes, instance));
    if (isTooLong(wanted)) return changes.map(tooLong);
    await putAssignment(manager, registryId, wanted, current?.id);
  }
  return changes.map((change): EntryOutcome => {
    const pattern = patternOf(change);
    const wasThere = pattern === undefined || now.includes(pattern);
    const isWritten = change.op === 'delete' ? wasThere && current !== undefined : !wasThere;
    return { key: keyOf(change), state: isWritten ? 'written' : 'unchanged' };
  });
}

/** It becomes ours if grants say all that it says; otherwise it stays as it is. */
async function writeForeign(
  { manager, registryId, instance }: Pick<RoleWrite, 'manager' | 'registryId' | 'instance'>,
  current: Assignment,
  now: readonly string[],
  changes: readonly EntryChange[],
): Promise<EntryOutcome[]> {
  const adopted = changes.filter(({ op }) => op === 'adopt');
  const [like] = adopted.flatMap((change) => roleOf(change) ?? []);
  const patterns = adopted.flatMap((change) => patternOf(change) ?? []);
  const isAdopted = like !== undefined && isSame(patterns.toSorted(), now);
  if (isAdopted) {
    const mark = markFor(undefined, patterns, changes, instance);
    const taken = { ...assignmentFor(like, patterns, mark), condition: current.condition };
    await putAssignment(manager, registryId, taken, current.id);
  }
  return changes.map((change): EntryOutcome => {
    if (change.op === 'delete') return { key: change.key, state: 'unchanged' };
    return isAdopted && change.op === 'adopt'
      ? { key: change.wanted.key, state: 'written' }
      : occupied(change, current);
  });
}

function assignmentFor(
  { role, principalId, principalType }: RoleContent,
  patterns: readonly string[],
  description: string,
): NewAssignment {
  const condition = role === 'AcrPull' ? undefined : conditionOf(patterns);
  return { role, principalId, principalType, condition, description };
}

function isTooLong({ condition = '', description }: NewAssignment): boolean {
  return condition.length > MOST_CONDITION || description.length > MOST_DESCRIPTION;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return canonicalText([...one]) === canonicalText([...other].toSorted());
}

/** @throws TransshipError object-conflict */
function nextPatterns(
  current: Assignment | undefined,
  now: readonly string[],
  instance: string,
  changes: readonly EntryChange[],
): string[] {
  const entries = current === undefined ? [] : roleEntries([current], instance);
  const there = new Map(entries.map(({ key, content }) => [key, canonicalText(content)]));
  const next = new Set(now);
  for (const change of changes) {
    const key = keyOf(change);
    const found = there.get(key);
    const isBefore = change.op !== 'create' && found === canonicalText(change.before);
    const isWanted = change.op !== 'delete' && found === canonicalText(change.wanted.content);
    const isFree = found === undefined && (change.op === 'create' || change.op === 'delete');
    // what another instance made meanwhile, is not ours even if it says the same
    const isMade = isWanted && entries.every(({ owner }) => owner === 'ours');
    if (!isFree && !isBefore && !isMade) throw changedMeanwhile(key);
    const pattern = patternOf(change);
    if (pattern === undefined) continue;
    if (change.op === 'delete') next.delete(pattern);
    else next.add(pattern);
  }
  return [...next].toSorted();
}

function markFor(
  current: Assignment | undefined,
  patterns: readonly string[],
  changes: readonly EntryChange[],
  instance: string,
): string {
  const old =
    ownerOfMark(current?.description, instance) === 'ours' ? (parseMark(current?.description)?.grants ?? []) : [];
  const added = changes.flatMap((change) => (change.op === 'delete' ? [] : change.wanted.grants));
  return formatMark({ grants: [...old, ...added], instance, rest: alsoOf(patterns) });
}

function holderOf(change: EntryChange): string {
  return holderIn(change.op === 'delete' ? change.before : change.wanted.content);
}

function keyOf(change: EntryChange): string {
  return change.op === 'delete' ? change.key : change.wanted.key;
}

/** Undefined for a condition that is not one of ours any more. */
function roleOf(change: EntryChange): RoleContent | undefined {
  return roleIn(change.op === 'delete' ? change.before : change.wanted.content);
}

function patternOf(change: EntryChange): string | undefined {
  return roleOf(change)?.pattern;
}

function refused(change: EntryChange, reason: string, hint = CHECK_PRINCIPAL): EntryOutcome {
  const { principalId = 'the principal', principalType = '' } = roleOf(change) ?? {};
  return {
    key: keyOf(change),
    state: 'blocked',
    problem: {
      message: `Azure refuses a role for ${principalType} ${principalId}: ${reason}`,
      hint,
    },
  };
}

function occupied(change: EntryChange, { principalId, principalType }: Assignment): EntryOutcome {
  return {
    key: keyOf(change),
    state: 'blocked',
    problem: {
      message: `somebody else made the one assignment of this role that ${principalType} ${principalId} can have at the registry`,
      hint: 'let the grants say exactly what it says and adopt it, or remove it',
    },
  };
}

function tooLong(change: EntryChange): EntryOutcome {
  return {
    key: keyOf(change),
    state: 'blocked',
    problem: {
      message: 'the repositories of all grants for this principal are more than a condition of Azure can hold (8 KB)',
      hint: 'grant prefixes in place of single repositories',
    },
  };
}

function changedMeanwhile(key: string): TransshipError {
  return new TransshipError('object-conflict', `${key} is not as it was when this was planned`, {
    hint: 'plan anew',
    details: { operation: 'write role assignments' },
  });
}
