// What a run tells in the end: of each grant, of each entry that was not simply as it should be, and when there is something to do again.
import type { GrantChange } from '../grant-change.ts';
import { grantStatuses } from '../grant-status.ts';
import type { EntryReport, GrantsReport } from '../grants-report.ts';
import { entryKey, isWriting } from '../plan-hash.ts';
import { siteKey } from '../site.ts';
import type { RunContext } from './run-context.ts';
import type { Note, Notes } from './site-run.ts';

type Done = {
  changes: readonly GrantChange[];
  planHash: string;
  notes: Notes;
  alarms: readonly string[];
  /** By `siteKey`: those that did not answer at all. */
  away: ReadonlySet<string>;
};

/** What is not proven, or may pass, is looked at again after so long. */
const SOON_MS = 15_000;

export function reportOf(context: RunContext, { changes, planHash, notes, alarms, away }: Done): GrantsReport {
  const { desired, now, calls } = context;
  const at = context.run.clock.now();
  // what became of writes says the journal
  const open = changes.filter((change) => !isWriting(change));
  const order = new Map(changes.map((change, index) => [entryKey(change.target, change.key), index]));
  const told = [...notes]
    .filter(([, note]) => isNews(note))
    .toSorted(([left], [right]) => placeIn(order, left) - placeIn(order, right));
  const nextAt = nextOf(context, { notes, away }, at);
  return {
    at,
    planHash,
    grants: grantStatuses(desired, context.state(), now, open),
    entries: told.map(([, note]) => entryReport(context, note)),
    alarms,
    ...calls,
    ...(nextAt === undefined ? {} : { nextAt }),
  };
}

/** An entry that was only verified, and is as it was, is none. */
function isNews({ op, problem, isWritten, wasInterrupted }: Note): boolean {
  return op !== 'noop' || problem !== undefined || isWritten || wasInterrupted;
}

/** What no plan speaks of any more comes first: it is not done with. */
function placeIn(order: ReadonlyMap<string, number>, key: string): number {
  return order.get(key) ?? -1;
}

function entryReport(context: RunContext, { fallback, shown, isPassing: _, ...note }: Note): EntryReport {
  const record = context.state().entries.get(entryKey(note.target, note.key));
  const problem = note.problem ?? record?.problem;
  return {
    ...note,
    state: shown ?? record?.state ?? fallback,
    ...(record?.verification === undefined ? {} : { verification: record.verification }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function nextOf(context: RunContext, seen: Pick<Done, 'notes' | 'away'>, at: Date): Date | undefined {
  const { desired, run } = context;
  const soon = retriesOf(context, seen, at);
  const meant = desired.filter(({ id }) => run.only === undefined || run.only.includes(id));
  const moments = meant.flatMap(({ notBefore, expiresAt }) => [notBefore, expiresAt]);
  const ahead = moments.filter((moment) => moment !== undefined && moment > at).map((moment) => Number(moment));
  const next = Math.min(...soon, ...ahead);
  return Number.isFinite(next) ? new Date(next) : undefined;
}

/** Each site has its own time: one that is away for hours makes nobody look at the others every few seconds. */
function retriesOf({ run, sites }: RunContext, { notes, away }: Pick<Done, 'notes' | 'away'>, at: Date): number[] {
  const passing = Map.groupBy(
    [...notes.values()].filter(({ isPassing }) => isPassing),
    ({ target }) => siteKey(target),
  );
  const { waits } = run;
  if (waits === undefined) return passing.size === 0 ? [] : [at.getTime() + SOON_MS];
  for (const { site, isVisited } of sites) if (isVisited && !passing.has(siteKey(site))) waits.passed(siteKey(site));
  return [...passing].map(([site, troubled]) => {
    const troubles = away.has(site) ? [site] : troubled.map(troubleOf);
    return waits.failed(site, troubles, at).getTime();
  });
}

/** What ended and is still there is news, whatever else was the matter with it. */
function troubleOf({ target, key, op }: Note): string {
  const entry = entryKey(target, key);
  return op === 'delete' ? `${entry} is to go` : entry;
}
