// Brings changes into a policy that has no version: read, merge, write, read back. Who else writes it in between loses nothing that we
// could have seen; what gets lost all the same is told.
//
//   read ─▶ stands still? ─▶ merge ─▶ write ─▶ read back ─▶ theirs as written ─▶ a moment later: ours as written: done
//    ▲                                             │  └─ missing: alarm, put back once        │
//    └──── ours not as written: somebody wrote over it, again on what they wrote ─────────────┘
//          AWS had no time: again, and not with what was read before it had
//
// Who read before our write and writes after our first look is found by the second one: also a statement that we took out, and that came
// back by it.
import { isTransshipError, TransshipError } from '../../errors.ts';
import type { EntryChange } from '../backend.ts';
import { canonicalText } from '../canonical.ts';
import { deadOfOthers, withoutDead } from './dead-principals.ts';
import { keyOf, mergePolicy, type MergedPolicy } from './merge-policy.ts';
import {
  EMPTY_POLICY,
  meaningOf,
  parsePolicy,
  policyEntries,
  policyRevision,
  renderPolicy,
  type PolicyDocument,
  type PolicyStatement,
} from './policy-document.ts';
import type { PolicyStore } from './policy-store.ts';
import { isMark } from './statement-mark.ts';

/** One write of a target, from its first try to its last. */
export type PolicyRun = {
  store: PolicyStore;
  instance: string;
  partition: string;
  pause: (ms: number) => Promise<void>;
  /** Of the policy as it was planned from. */
  revision: string;
  /** By key, the canonical texts that this run wrote. */
  written: Map<string, string[]>;
  /** The keys of what it changed. */
  changed: Set<string>;
  alarms: string[];
  hasRestored: boolean;
  /** Who was deleted may be taken out of statements of others, where AWS takes no policy with them. */
  prunesDead: boolean;
  /** AWS takes none: from now on they are. */
  takesOutDead: boolean;
  requestId?: string;
};

export type Committed =
  | { state: 'done'; blocked: MergedPolicy['blocked'] }
  /** In the words of AWS; nothing was written. */
  | { state: 'refused'; message: string; document: PolicyDocument };

const MOST_TRIES = 6;
const STILL_MS = 300;
const MOST_LOOKS = 5;
/** Whoever writes what he read before our write has done so by then. */
const SETTLED_MS = 500;

/** @throws TransshipError object-conflict, not-found, and as AWS answers */
export async function commitPolicy(changes: readonly EntryChange[], run: PolicyRun): Promise<Committed> {
  const { store, instance, written } = run;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const before = await readStill(run);
    const { document: merged, blocked } = mergePolicy(before, changes, { instance, what: store.what, written });
    const document = run.takesOutDead ? withoutDead(merged) : merged;
    if (policyRevision(document) === policyRevision(before)) return { state: 'done', blocked };
    remember(changes, document, run);
    const answer = await writeOnce(document, run, tries);
    if (answer.state === 'too-early') continue;
    if (answer.state === 'refused') return { ...answer, document };
    if (answer.state === 'taken' && answer.requestId !== undefined) run.requestId = answer.requestId;
    noteChanged(before, document, run);
    noteTakenOut(before, document, run);
    const after = await readPolicy(run);
    run.revision = policyRevision(after);
    if (!hasOurs(document, after, run)) continue;
    await putBackLost(document, after, run);
    if (await isSettled(document, run)) return { state: 'done', blocked };
  }
  throw new TransshipError('object-conflict', `${store.what}: somebody else writes its policy all the time`, {
    hint: 'look who does: CloudTrail, event SetRepositoryPolicy',
    retryable: true,
  });
}

/** `unknown`: what is read back says what became of it. */
async function writeOnce(
  document: PolicyDocument,
  { store, pause }: PolicyRun,
  tries: number,
): Promise<Awaited<ReturnType<PolicyStore['write']>> | { state: 'too-early' | 'unknown' }> {
  try {
    return await store.write(renderPolicy(document), { once: true });
  } catch (error) {
    const isEarly = isTransshipError(error, 'too-many-requests');
    const mayPass = isEarly || isTransshipError(error, 'registry-unavailable', 'connection-failed');
    if (!mayPass || tries + 1 === MOST_TRIES) throw error;
    await pause(STILL_MS * 2 ** tries);
    return { state: isEarly ? 'too-early' : 'unknown' };
  }
}

/** @throws TransshipError not-found */
export async function readPolicy({
  store,
  partition,
}: Pick<PolicyRun, 'store' | 'partition'>): Promise<PolicyDocument> {
  const stored = await store.read();
  if (stored.state === 'missing') {
    throw new TransshipError('not-found', `the repository ${store.what} is gone`, {
      hint: 'make it again, or let Transship do so: createRepository: {} in the entry of the registry',
      retryable: true,
    });
  }
  return stored.text === undefined ? EMPTY_POLICY : parsePolicy(stored.text, { partition, what: store.what });
}

/** Just before the write; where somebody has written since we looked, only once they have come to rest. */
async function readStill(run: PolicyRun): Promise<PolicyDocument> {
  let document = await readPolicy(run);
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const revision = policyRevision(document);
    if (revision === run.revision) break;
    run.revision = revision;
    await run.pause(STILL_MS);
    document = await readPolicy(run);
  }
  return document;
}

async function isSettled(document: PolicyDocument, run: PolicyRun): Promise<boolean> {
  await run.pause(SETTLED_MS);
  const found = await readPolicy(run);
  run.revision = policyRevision(found);
  return hasOurs(document, found, run);
}

/** Also what was refused or got lost: AWS may have taken it, and only its answer been late. */
function remember(changes: readonly EntryChange[], document: PolicyDocument, { instance, written }: PolicyRun): void {
  const keys = new Set(changes.map(keyOf));
  for (const { key, statement } of policyEntries(document, instance)) {
    if (keys.has(key)) written.set(key, [...(written.get(key) ?? []), canonicalText(statement.content)]);
  }
}

function noteChanged(before: PolicyDocument, document: PolicyDocument, { instance, changed }: PolicyRun): void {
  const meanings = (policy: PolicyDocument): Map<string, string> =>
    new Map(policyEntries(policy, instance).map(({ key, statement }) => [key, meaningOf(statement)]));
  const [old, now] = [meanings(before), meanings(document)];
  for (const key of new Set([...old.keys(), ...now.keys()])) if (old.get(key) !== now.get(key)) changed.add(key);
}

function noteTakenOut(before: PolicyDocument, document: PolicyDocument, { alarms, instance, store }: PolicyRun): void {
  const left = new Set(deadOfOthers(document, instance));
  const out = deadOfOthers(before, instance).filter((one) => !left.has(one));
  const told = `${store.what}: who was deleted was taken out: ${out.join(', ')}`;
  if (out.length > 0 && !alarms.includes(told)) alarms.push(told);
}

/** All statements with our mark, and no other with it. */
function hasOurs(expected: PolicyDocument, found: PolicyDocument, { instance }: PolicyRun): boolean {
  const ours = (document: PolicyDocument): string =>
    policyEntries(document, instance)
      .filter(({ isOurs }) => isOurs)
      .map(({ statement }) => meaningOf(statement))
      .toSorted()
      .join('\n');
  return ours(expected) === ours(found);
}

async function putBackLost(expected: PolicyDocument, found: PolicyDocument, run: PolicyRun): Promise<void> {
  const lost = lostStatements(expected, found);
  if (lost.length === 0) return;
  const names = lost.map(({ sid }) => (sid === undefined ? 'one without a Sid' : `Sid ${sid}`)).join(', ');
  const told = `${run.store.what}: statements of others were lost when the policy was written: ${names}`;
  if (run.hasRestored) {
    run.alarms.push(`${told}; again after they had been put back`);
    return;
  }
  run.hasRestored = true;
  const mended = { ...found, statements: [...found.statements, ...lost] };
  const answer = await run.store.write(renderPolicy(mended));
  const after = await readPolicy(run);
  run.revision = policyRevision(after);
  const isBack = answer.state === 'taken' && lostStatements(mended, after).length === 0;
  run.alarms.push(`${told}; ${isBack ? 'they were put back' : 'they could not be put back'}`);
}

/** Of another instance of ours none: it puts back itself what it wants, and what it took away must not come back. */
function lostStatements(expected: PolicyDocument, found: PolicyDocument): PolicyStatement[] {
  const left = found.statements.map(meaningOf);
  const lost = expected.statements.filter((statement) => {
    const at = left.indexOf(meaningOf(statement));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return lost.filter(({ sid }) => sid === undefined || !isMark(sid));
}
