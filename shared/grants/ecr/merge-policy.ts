// Puts changes of ours into a policy as it stands there now. Nothing that is not ours moves, and what would not fit stays out.
import { TransshipError } from '../../errors.ts';
import type { EntryChange } from '../backend.ts';
import { canonicalText, type Json } from '../canonical.ts';
import { isJsonObject } from './canonical-statement.ts';
import {
  LONGEST_POLICY,
  ownStatement,
  policyEntries,
  renderPolicy,
  type PolicyDocument,
  type PolicyEntry,
  type PolicyStatement,
} from './policy-document.ts';

type Surroundings = {
  instance: string;
  /** Whose policy it is, in words. */
  what: string;
  /** By key, what this run wrote already (canonical texts): somebody may have undone it, and we may go on from it. */
  written: ReadonlyMap<string, readonly string[]>;
};

export type MergedPolicy = {
  document: PolicyDocument;
  /** By key: why it stays as it was. */
  blocked: ReadonlyMap<string, { message: string; hint: string }>;
};

/** @throws TransshipError object-conflict where an entry of ours is neither as it was, nor as it is to be */
export function mergePolicy(
  document: PolicyDocument,
  changes: readonly EntryChange[],
  surroundings: Surroundings,
): MergedPolicy {
  const blocked = new Map<string, { message: string; hint: string }>();
  let merged = document;
  // what is taken out makes room
  const inOrder = [...changes.filter(({ op }) => op === 'delete'), ...changes.filter(({ op }) => op !== 'delete')];
  for (const change of inOrder) {
    const next = applyChange(merged, change, surroundings);
    const length = lengthOf(next);
    if (length > LONGEST_POLICY && length > lengthOf(merged))
      blocked.set(keyOf(change), tooLong(next, change, surroundings));
    else merged = next;
  }
  return { document: merged, blocked };
}

export function keyOf(change: EntryChange): string {
  return change.op === 'delete' ? change.key : change.wanted.key;
}

function applyChange(document: PolicyDocument, change: EntryChange, surroundings: Surroundings): PolicyDocument {
  const entries = policyEntries(document, surroundings.instance);
  const key = keyOf(change);
  const found = entries.find((entry) => entry.key === key);
  if (found !== undefined && !found.isOurs) throw conflict(key, 'is not ours', surroundings);
  if (change.op === 'delete') {
    if (found === undefined) return document;
    assertKnown(found, [change.before], surroundings);
    return withStatements(
      document,
      document.statements.filter((one) => one !== found.statement),
    );
  }
  const { content } = change.wanted;
  if (!isJsonObject(content)) throw conflict(key, 'is to be something that is no statement', surroundings);
  const statement = ownStatement(key, content);
  if (found !== undefined) {
    if (isSame(found.statement.content, content)) return document;
    assertKnown(found, change.op === 'update' ? [change.before] : [], surroundings);
    return replaced(document, found.statement, statement);
  }
  if (change.op === 'adopt') {
    const theirs = entries.find((entry) => !entry.isOurs && isSame(entry.statement.content, change.before));
    if (theirs !== undefined) return replaced(document, theirs.statement, statement);
  }
  if (change.op !== 'create' && !surroundings.written.has(key)) throw conflict(key, 'is gone', surroundings);
  return withStatements(document, [...document.statements, statement]);
}

function assertKnown({ key, statement }: PolicyEntry, expected: readonly Json[], surroundings: Surroundings): void {
  const texts = [...expected.map(canonicalText), ...(surroundings.written.get(key) ?? [])];
  if (!texts.includes(canonicalText(statement.content)))
    throw conflict(key, 'says something else by now', surroundings);
}

function isSame(left: Json, right: Json): boolean {
  return canonicalText(left) === canonicalText(right);
}

function replaced(document: PolicyDocument, old: PolicyStatement, own: PolicyStatement): PolicyDocument {
  return withStatements(
    document,
    document.statements.map((one) => (one === old ? own : one)),
  );
}

function withStatements(document: PolicyDocument, statements: readonly PolicyStatement[]): PolicyDocument {
  return { ...document, statements };
}

function lengthOf(document: PolicyDocument): number {
  return renderPolicy(document)?.length ?? 0;
}

function conflict(key: string, why: string, { what }: Surroundings): TransshipError {
  return new TransshipError('object-conflict', `${what}: statement ${key} ${why}`, {
    hint: 'plan again: somebody else has changed the policy since',
    retryable: true,
    details: { operation: 'write the policy', statement: key },
  });
}

const NAMED = 3;

function tooLong(document: PolicyDocument, change: EntryChange, { instance, what }: Surroundings) {
  const largest = policyEntries(document, instance)
    .toSorted((left, right) => right.statement.text.length - left.statement.text.length)
    .slice(0, NAMED)
    .map(({ label, isOurs, statement }) => `${label}${isOurs ? '' : ' (not ours)'} with ${statement.text.length}`);
  const length = lengthOf(document);
  return {
    message:
      `the policy of ${what} would have ${length} characters with statement ${keyOf(change)}, and AWS takes ${LONGEST_POLICY}; ` +
      `the largest: ${largest.join(', ')}`,
    hint: 'name an account or organization in place of its roles one by one, or shorten the largest statement',
  };
}
