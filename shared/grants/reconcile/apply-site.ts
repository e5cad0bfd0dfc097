// Applies the plan of one site: what narrows comes before what widens, and what is written is proven while others are still being written.
import type { GrantChange } from '../grant-change.ts';
import { isRead } from '../entry.ts';
import { isOurs, isSameContent } from '../ownership.ts';
import { entryKey, isWriting } from '../plan-hash.ts';
import { siteKey, targetKey, type Target } from '../site.ts';
import type { EntryRecord } from '../grants-state.ts';
import type { JournalEvent } from '../journal.ts';
import { inFlight } from '../../cluster/in-flight.ts';
import { prove, type Proof } from './prove.ts';
import { namesOf, note, recordOf, type SiteRun } from './site-run.ts';
import { isInScope } from './scope.ts';
import { settle, settleForgotten } from './settle.ts';
import { writeTarget, type WritingChange } from './write-target.ts';

const IN_FLIGHT = 8;
/** After so many targets that did not answer the others of the site are left for the next run. */
const MOST_LATE = 3;

/** @throws TransshipError store-unavailable */
export async function applySite(site: SiteRun, mayWrite: (change: WritingChange) => boolean): Promise<void> {
  await settle(site, site.changes);
  await settleForgotten(site);
  const standing = await standingProofs(site);
  const writing = site.changes.filter(isWriting).filter(mayWrite);
  const targets = [...new Map(writing.map(({ target }) => [targetKey(target), target])).values()];
  const narrowing = new Set(writing.filter(({ risk }) => risk === 'narrow').map(({ target }) => targetKey(target)));
  const proofs: Promise<void>[] = [];
  const late = { targets: 0 };
  const write = (some: readonly Target[]): Promise<void> =>
    writeTargets(site, some, { mayWrite, late }, (written) => {
      // its failure is awaited below, when all is written
      const proving = proveAll(site, written.map(proofOf));
      proving.catch(() => undefined);
      proofs.push(proving);
    });
  await write(targets.filter((target) => narrowing.has(targetKey(target))));
  await write(targets.filter((target) => !narrowing.has(targetKey(target))));
  await Promise.all([...proofs, proveAll(site, standing)]);
}

async function writeTargets(
  site: SiteRun,
  targets: readonly Target[],
  { mayWrite, late }: { mayWrite: (change: WritingChange) => boolean; late: { targets: number } },
  written: (changes: readonly WritingChange[]) => void,
): Promise<void> {
  const { signal } = site.context.run;
  await inFlight(IN_FLIGHT, targets, async (target) => {
    if (signal?.aborted === true || late.targets >= MOST_LATE) {
      for (const change of (site.changesAt.get(targetKey(target)) ?? []).filter(isWriting)) {
        note(site.notes, change, { problem: { message: 'it was not its turn any more' }, isPassing: true });
      }
      return;
    }
    const keys = (site.changesAt.get(targetKey(target)) ?? []).map(({ key }) => key);
    written(await writeTarget(site, target, mayWrite));
    if (keys.some((key) => isUnknown(site, target, key))) late.targets += 1;
  });
}

/** It is not known what became of its write. */
function isUnknown({ context }: SiteRun, target: Target, key: string): boolean {
  return context.state().entries.get(entryKey(target, key))?.intended !== undefined;
}

async function proveAll(site: SiteRun, proofs: readonly Proof[]): Promise<void> {
  await inFlight(IN_FLIGHT, proofs, async (proof) => {
    if (site.context.run.signal?.aborted === true) note(site.notes, proof, { isPassing: true });
    else await prove(site, proof);
  });
}

function proofOf(change: WritingChange): Proof {
  const of = { ...namesOf(change), op: change.op };
  if (change.op !== 'delete') return { ...of, content: change.wanted.content, expected: 'allowed' };
  return { ...of, content: change.before, expected: 'denied', gone: change.why === 'expired' ? 'Expired' : 'Revoked' };
}

/** What is to be proven of entries that this run does not write. */
async function standingProofs(site: SiteRun): Promise<Proof[]> {
  const { context, changes, look } = site;
  const planned = new Map(changes.map((change) => [entryKey(change.target, change.key), change]));
  const noops = changes.filter((change) => change.op === 'noop').map((change) => noopProof(site, change));
  const records = [...context.state().entries].filter(
    ([, { target, grants }]) => siteKey(target) === siteKey(look.at.site) && isInScope(context.run, grants),
  );
  const gone = records.map(([key, record]) => goneProof(site, record, planned.get(key)));
  const found = [...noops, ...gone].filter((one) => one !== undefined);
  await context.append(
    found.flatMap(({ event }) => (event === undefined ? [] : [event])),
    site.planHash,
  );
  return found.map(({ proof }) => proof);
}

type Found = { proof: Proof; event?: JournalEvent };

/** Undefined: it was proven not long ago. */
function noopProof(site: SiteRun, change: Extract<GrantChange, { op: 'noop' }>): Found | undefined {
  const { content } = change.wanted;
  const record = recordOf(site, change);
  const proof: Proof = { ...namesOf(change), op: change.op, content, expected: 'allowed' };
  if (!isKnown(record, content) && isOursAt(site, change, record)) {
    // our mark, and the journal does not know of it: it is another journal than it was
    return { proof, event: { ...namesOf(change), event: 'written', op: 'adopt', after: content } };
  }
  return isDue(site, record, change.grants) ? { proof } : undefined;
}

/** Undefined: something stands there, or it is proven that nobody pulls by it any more. */
function goneProof(site: SiteRun, record: EntryRecord, planned: GrantChange | undefined): Found | undefined {
  const of = { ...namesOf(record), op: 'delete' as const, expected: 'denied' as const, gone: goneAs(site, record) };
  if (
    planned?.op === 'none' &&
    (planned.state === 'Expired' || planned.state === 'Revoked') &&
    record.content !== undefined
  ) {
    // somebody removed it before us
    const event: JournalEvent = { ...namesOf(record), event: 'written', op: 'delete' };
    return { proof: { ...of, content: record.content, gone: planned.state }, event };
  }
  if (record.removed === undefined || planned?.op === 'create' || planned?.op === 'noop') return undefined;
  return isDue(site, record, record.grants) ? { proof: { ...of, content: record.removed } } : undefined;
}

function goneAs({ context }: SiteRun, { grants }: EntryRecord): 'Expired' | 'Revoked' {
  const ended = context.desired.filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= context.now);
  return grants.length > 0 && grants.every((id) => ended.some((grant) => grant.id === id)) ? 'Expired' : 'Revoked';
}

function isOursAt({ look }: SiteRun, { target, key }: GrantChange, record: EntryRecord | undefined): boolean {
  const at = look.targets.get(targetKey(target));
  const seen = at !== undefined && isRead(at) ? at.entries.find((entry) => entry.key === key) : undefined;
  return seen !== undefined && isOurs(seen, record);
}

function isKnown(record: EntryRecord | undefined, content: Proof['content']): boolean {
  return record?.content !== undefined && isSameContent(record.content, content);
}

/** What is not proven is asked again in each run, what is proven or cannot be once a day. */
function isDue({ context }: SiteRun, record: EntryRecord | undefined, grants: readonly string[]): boolean {
  if (record?.verification === undefined || record.grants.join(' ') !== grants.join(' ')) return true;
  const { answer, at } = record.verification;
  if (record.state !== 'Applied' && answer !== 'unverifiable') return true;
  const { run, limits } = context;
  const last = run.verifiedAt?.get(entryKey(record.target, record.key)) ?? at;
  return run.clock.now().getTime() - last.getTime() >= limits.verifyEveryMs;
}
