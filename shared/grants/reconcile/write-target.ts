// Writes what the plan has for one target, by its only holder. What is about to be done is in the journal before it is done, and what became
// of it after; who finds the one without the other knows what to look at.
//
//   hold ─▶ intended ─▶ write ─▶ written ─▶ release
//               ▲         │
//               │         ├─ outdated: look and plan anew, three times at most
//               └─────────┘
//                         └─ failed: look what became of it; not known: it stays intended, and its hold ends by itself
//
import { type TransshipError, isTransshipError } from '../../errors.ts';
import type { EntryChange, EntryOutcome } from '../backend.ts';
import { canonicalText, type Json } from '../canonical.ts';
import { isRead, type ObservedTarget } from '../entry.ts';
import type { GrantChange } from '../grant-change.ts';
import type { JournalEvent } from '../journal.ts';
import { toPlain } from '../plain.ts';
import { isWriting } from '../plan-hash.ts';
import { targetKey, type Target } from '../site.ts';
import { nameOf, readTarget, surveyAnew, troubleOf } from './look-at-site.ts';
import { planTarget } from './plan-site.ts';
import { isDone, resolveInterrupted } from './resolve-interrupted.ts';
import { settle } from './settle.ts';
import { namesOf, note, recordOf, setChanges, type SiteRun } from './site-run.ts';
import { within } from './within.ts';
import { writtenSince } from './written-since.ts';

export type WritingChange = Extract<GrantChange, { op: 'create' | 'update' | 'adopt' | 'delete' }>;

type Ended = 'done' | 'outdated' | 'unknown';

const MOST_TRIES = 3;
const DECIDED = 'somebody decided about the grant meanwhile: it is looked at again';
/** A hold outlives its write by so much: looking what became of it is part of it. */
const HOLD_FACTOR = 2;

/**
 * What is not done is noted.
 * @returns the changes that are known to be written, to be proven
 * @throws TransshipError store-unavailable
 */
export async function writeTarget(
  site: SiteRun,
  target: Target,
  mayWrite: (change: WritingChange) => boolean,
): Promise<WritingChange[]> {
  const { context } = site;
  const { store, holder } = context.run;
  const key = targetKey(target);
  const meant = changesAt(site, target, mayWrite);
  const holdMs = (context.limits.writeMs + context.limits.readMs) * HOLD_FACTOR;
  if (!(await store.hold(key, holder, holdMs))) {
    for (const change of meant)
      note(site.notes, change, {
        problem: { message: `another run is writing at ${placeOf(target)}` },
        isPassing: true,
      });
    return [];
  }
  let ended: Ended = 'unknown';
  try {
    if (!(await isUpToDate(site, target, meant))) {
      ended = 'done';
      return [];
    }
    for (let tries = 1; ; tries += 1) {
      const changes = changesAt(site, target, mayWrite);
      const surprise = site.isLocked ? changes.find((change) => !isAmong(change, meant)) : undefined;
      if (surprise !== undefined) {
        note(site.notes, surprise, { problem: changedMeanwhile(target) });
        ended = 'done';
        return [];
      }
      if (await isDecided(site, changes)) {
        ended = 'done';
        return known(site, meant);
      }
      ended = changes.length === 0 ? 'done' : await writeOnce(site, target, changes, tries < MOST_TRIES);
      if (ended !== 'outdated') {
        await isDecided(site, changes);
        return known(site, [...meant, ...changes]);
      }
      await planAnew(site, target);
    }
  } finally {
    // what may still be under way keeps everybody else away
    if (ended !== 'unknown') await store.release(key, holder);
  }
}

/**
 * What another run wrote here since this one began is looked at again, with what brought it about.
 * @returns false: nobody tells, and the next run sees to it
 */
async function isUpToDate(site: SiteRun, target: Target, meant: readonly WritingChange[]): Promise<boolean> {
  const { context, look, notes } = site;
  const written = await writtenSince(context.run.store, look.writings, target);
  if (written === undefined) return true;
  try {
    if (!written.isAskedSince) await surveyAnew(context, look);
  } catch (error) {
    const { message } = troubleOf(error);
    for (const change of meant) note(notes, change, { problem: { message }, isPassing: true });
    return false;
  }
  await readTarget(context, look, target);
  await planAnew(site, target);
  return true;
}

/** Somebody decided about one of the grants since they were planned: the next run comes at once, and knows of it. */
async function isDecided({ context, notes }: SiteRun, changes: readonly WritingChange[]): Promise<boolean> {
  const decided = await context.decided();
  const old = changes.filter(({ grants }) => grants.some((id) => decided.has(id)));
  for (const change of old) note(notes, change, { problem: { message: DECIDED }, isPassing: true });
  return old.length > 0;
}

async function writeOnce(
  site: SiteRun,
  target: Target,
  changes: readonly WritingChange[],
  mayTryAgain: boolean,
): Promise<Ended> {
  const { context, look, planHash } = site;
  const observed = look.targets.get(targetKey(target));
  if (look.backend === undefined || observed === undefined || !isRead(observed)) return 'done';
  const { backend } = look;
  await context.append(changes.map(intentOf), planHash);
  try {
    const limit = { ms: context.limits.writeMs, clock: context.run.clock, who: placeOf(target) };
    const prunesDead = context.run.pruneDead === true;
    const result = await within(limit, (signal) =>
      backend.write(observed, changes.map(entryChange), { signal, prunesDead }),
    );
    const outcomes = new Map(result.outcomes.map((outcome) => [outcome.key, outcome]));
    const alarms = result.alarms.map((message): JournalEvent => ({ event: 'alarm', message, target }));
    site.alarms.push(...result.alarms);
    await context.append(
      [...changes.map((change) => outcomeOf(site, change, outcomes.get(change.key))), ...alarms],
      planHash,
    );
    return 'done';
  } catch (error) {
    if (isTransshipError(error, 'store-unavailable')) throw error;
    return afterFailure(site, target, changes, troubleOf(error), mayTryAgain);
  }
}

/** A failure says little of what was written before it: what stands there says it. */
async function afterFailure(
  site: SiteRun,
  target: Target,
  changes: readonly WritingChange[],
  error: TransshipError,
  mayTryAgain: boolean,
): Promise<Ended> {
  const { context, look, planHash } = site;
  const isOutdated = isTransshipError(error, 'object-conflict') && mayTryAgain;
  const isUnsure = isTransshipError(error, 'timeout', 'connection-failed', 'interrupted');
  const found = await readTarget(context, look, target);
  if (isOutdated && isRead(found)) return 'outdated';
  await context.append(
    changes.map((change): JournalEvent => {
      if (isRead(found) && isThere(found, change)) {
        note(site.notes, change, { isWritten: true });
        return writtenOf(change);
      }
      const mayBeWritten = isUnsure || !isRead(found);
      const problem = { message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
      note(site.notes, change, { problem, isPassing: error.retryable || mayBeWritten });
      const state = mayBeWritten ? 'Applying' : 'Blocked';
      return { ...namesOf(change), event: 'settled', state, ...problem, ...(mayBeWritten ? { mayBeWritten } : {}) };
    }),
    planHash,
  );
  return isUnsure ? 'unknown' : 'done';
}

/** What the target looks like was read already. */
async function planAnew(site: SiteRun, target: Target): Promise<void> {
  const { context, look, planHash } = site;
  await context.refresh();
  const here = new Map([...look.targets].filter(([key]) => key === targetKey(target)));
  await context.append(
    resolveInterrupted(context.state(), here).map(({ event }) => event),
    planHash,
  );
  const others = site.changes.filter((change) => targetKey(change.target) !== targetKey(target));
  const anew = planTarget(context, look, target);
  setChanges(site, [...others, ...anew]);
  await settle(site, anew);
}

function changesAt(site: SiteRun, target: Target, mayWrite: (change: WritingChange) => boolean): WritingChange[] {
  const here = site.changesAt.get(targetKey(target)) ?? [];
  return here.filter(isWriting).filter(mayWrite);
}

function isAmong(change: WritingChange, seen: readonly WritingChange[]): boolean {
  const text = canonicalText(toPlain(change));
  return seen.some((one) => canonicalText(toPlain(one)) === text);
}

/** Each once, as it was planned last. */
function known(site: SiteRun, changes: readonly WritingChange[]): WritingChange[] {
  const last = new Map(changes.map((change) => [change.key, change]));
  return [...last.values()].filter((change) => isKnownWritten(site, change));
}

/** The journal says so: written, and not yet proven. */
function isKnownWritten(site: SiteRun, change: WritingChange): boolean {
  const record = recordOf(site, change);
  if (record === undefined || record.intended !== undefined || record.state !== 'Applying') return false;
  return change.op === 'delete' ? record.content === undefined : isSame(record.content, change.wanted.content);
}

function isSame(left: Json | undefined, right: Json): boolean {
  return left !== undefined && canonicalText(left) === canonicalText(right);
}

function isThere({ entries }: ObservedTarget, change: WritingChange): boolean {
  return isDone(
    change.op,
    afterOf(change),
    entries.find(({ key }) => key === change.key),
  );
}

function intentOf(change: WritingChange): JournalEvent {
  const uids = change.op === 'delete' ? undefined : change.wanted.uids;
  const before = 'before' in change ? change.before : undefined;
  return {
    ...namesOf(change),
    event: 'intended',
    op: change.op,
    ...(before === undefined ? {} : { before }),
    ...afterPart(change),
    ...(uids === undefined ? {} : { uids }),
  };
}

function outcomeOf(site: SiteRun, change: WritingChange, outcome: EntryOutcome | undefined): JournalEvent {
  if (outcome === undefined) {
    const problem = { message: `it is not known what became of it at ${placeOf(change.target)}` };
    note(site.notes, change, { problem, isPassing: true });
    return { ...namesOf(change), event: 'settled', state: 'Applying', ...problem, mayBeWritten: true };
  }
  if (outcome.state === 'blocked') {
    const problem = outcome.problem ?? { message: `${placeOf(change.target)} refuses it` };
    note(site.notes, change, { problem });
    return { ...namesOf(change), event: 'settled', state: 'Blocked', ...problem };
  }
  note(site.notes, change, { isWritten: outcome.state === 'written' });
  return { ...writtenOf(change), ...(outcome.requestId === undefined ? {} : { requestId: outcome.requestId }) };
}

function writtenOf(change: WritingChange): Extract<JournalEvent, { event: 'written' }> {
  return { ...namesOf(change), event: 'written', op: change.op, ...afterPart(change) };
}

function afterPart(change: WritingChange): { after?: Json } {
  const after = afterOf(change);
  return after === undefined ? {} : { after };
}

function afterOf(change: WritingChange): Json | undefined {
  return change.op === 'delete' ? undefined : change.wanted.content;
}

function entryChange(change: WritingChange): EntryChange {
  switch (change.op) {
    case 'create':
      return { op: 'create', wanted: change.wanted };
    case 'delete':
      return { op: 'delete', key: change.key, before: change.before };
    default:
      return { op: change.op, wanted: change.wanted, before: change.before };
  }
}

function placeOf(target: Target): string {
  return `${nameOf(target)} ${target.place}`.trim();
}

function changedMeanwhile(target: Target): { message: string; hint: string } {
  return { message: `${placeOf(target)} was changed by somebody else meanwhile`, hint: 'plan again' };
}
