// The report of a run over grants as a job keeps it and commands print it: counts, the state of each grant, and the first of the entries
// that somebody may want to look at.
import type { EntryReport, GrantsReport } from '../../shared/grants/grants-report.ts';
import { entryKey } from '../../shared/grants/plan-hash.ts';
import type { GrantState } from '../../shared/grants/grants-state.ts';

/** A job keeps no more than its store likes. */
const MOST_ENTRIES = 200;
const MOST_GRANTS = 1000;

/** What nobody has to do anything about. */
const FINE: ReadonlySet<GrantState> = new Set(['Applied', 'Expired', 'Revoked', 'Pending']);

type EntryJson = {
  backend: string;
  host: string;
  place: string;
  label: string;
  grants: string[];
  op: string;
  state: string;
  isWritten: boolean;
  wasInterrupted?: true;
  verification?: { method: string; answer: string; at: string; note?: string };
  problem?: { message: string; hint?: string };
};

export type ReportJson = {
  /** `refused`: nothing was written, and what stands in the way is somebody else's. */
  state: 'done' | 'partly' | 'failed' | 'refused';
  planHash: string;
  at: string;
  written: { create: number; update: number; adopt: number; delete: number };
  unchanged: number;
  /** Of all grants. */
  states: { [state: string]: number };
  grants: { grant: string; state: string }[];
  /** Those that were written, or are not as they should be: how many, and the first of them. */
  entries: { count: number; first: EntryJson[] };
  alarms: string[];
  reads: number;
  writes: number;
  nextAt?: string;
};

export function reportJson(report: GrantsReport): ReportJson {
  const { planHash, at, grants, entries, alarms, reads, writes, nextAt } = report;
  const written = (op: EntryReport['op']) => entries.filter((entry) => entry.isWritten && entry.op === op).length;
  return {
    state: stateOf(report),
    planHash,
    at: at.toISOString(),
    written: {
      create: written('create'),
      update: written('update'),
      adopt: written('adopt'),
      delete: written('delete'),
    },
    unchanged: unchangedOf(report),
    states: Object.fromEntries(
      Map.groupBy(grants, ({ state }) => state)
        .entries()
        .map(([state, found]) => [state, found.length]),
    ),
    grants: grants.slice(0, MOST_GRANTS).map(({ grant, state }) => ({ grant, state })),
    entries: { count: entries.length, first: entries.slice(0, MOST_ENTRIES).map(entryJson) },
    alarms: [...alarms],
    reads,
    writes,
    ...(nextAt === undefined ? {} : { nextAt: nextAt.toISOString() }),
  };
}

/** Of an entry that only observes, drift is the answer and no failure. */
function isTrouble({ state, op }: EntryReport): boolean {
  return !FINE.has(state) && op !== 'drift';
}

function stateOf(report: GrantsReport): ReportJson['state'] {
  const { entries } = report;
  const troubled = entries.filter(isTrouble);
  if (troubled.length === 0) return 'done';
  if (unchangedOf(report) > 0 || entries.some((entry) => entry.isWritten || !isTrouble(entry))) return 'partly';
  return troubled.every(({ state }) => state === 'Conflict') ? 'refused' : 'failed';
}

/** Entries that are as they should be; one that several grants share is one. */
function unchangedOf({ grants, entries }: GrantsReport): number {
  const told = new Set(entries.map(({ target, key }) => entryKey(target, key)));
  const applied = grants.flatMap((grant) => grant.entries.filter(({ state }) => state === 'Applied'));
  const keys = new Set(applied.map(({ target, key }) => entryKey(target, key)));
  return [...keys].filter((key) => !told.has(key)).length;
}

function entryJson({ target, label, grants, op, state, isWritten, ...rest }: EntryReport): EntryJson {
  const { wasInterrupted, verification, problem } = rest;
  return {
    ...target,
    label,
    grants: [...grants],
    op,
    state,
    isWritten,
    ...(wasInterrupted ? { wasInterrupted } : {}),
    ...(verification === undefined ? {} : { verification: { ...verification, at: verification.at.toISOString() } }),
    ...(problem === undefined ? {} : { problem }),
  };
}
