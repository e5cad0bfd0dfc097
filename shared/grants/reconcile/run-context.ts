// What the parts of one run share: what it is asked for, what is known by now, and what it did.
import { desiredGrants } from '../desired-grants.ts';
import { foldLines } from '../fold-journal.ts';
import type { PullGrant } from '../grant.ts';
import { RUN_LIMITS, type GrantsRun, type RunLimits } from '../grants-run.ts';
import type { EntryRecord, GrantRecord, GrantsState } from '../grants-state.ts';
import type { JournalEvent, JournalLine } from '../journal.ts';
import { entryKey } from '../plan-hash.ts';
import type { Calls } from './counted.ts';
import { declarations } from './declarations.ts';
import { meantSites, type MeantSite } from './meant-sites.ts';

const PAGE = 500;
const MOST_NAMED = 20;

export type RunContext = {
  run: GrantsRun;
  limits: RunLimits;
  now: Date;
  desired: readonly PullGrant[];
  sites: readonly MeantSite[];
  calls: Calls;
  /** The journal, with all that this run has to say by now. */
  state(): GrantsState;
  /** What the configuration declares: it is part of `state` from the start, and in the journal when this resolves. */
  declare(): Promise<void>;
  /** Durable when it resolves. */
  append(events: readonly JournalEvent[], planHash: string): Promise<void>;
  /** What is known is read anew: somebody else may have written. */
  refresh(): Promise<void>;
  /** Grants of which somebody decided since the run began: what it plans for them may be wrong by now. */
  decided(): Promise<ReadonlySet<string>>;
};

/** @throws TransshipError store-unavailable */
export async function runContext(run: GrantsRun): Promise<RunContext> {
  const { config, store, clock, actor, only } = run;
  const now = clock.now();
  let seen = await store.last();
  const stored = await store.state();
  const declared = declarations(config.grants, stored, { at: now, actor });
  let state = thawed(foldLines(stored, declared));
  const own: JournalLine[] = [];
  const decided = new Set<string>();
  const desired = desiredGrants(config.grants, state);
  return {
    run,
    limits: { ...RUN_LIMITS, ...run.limits },
    now,
    desired,
    sites: meantSites({ config, desired, state, ...(only === undefined ? {} : { only }) }),
    calls: { reads: 0, writes: 0 },
    state: () => state,
    async declare() {
      if (declared.length === 0) return;
      await store.append(declared);
      // also half a file may be one that can be read
      const gone = declared.flatMap((line) => (line.event === 'withdrawn' ? [line.grant] : []));
      const grants = gone.slice(0, MOST_NAMED).join(',');
      if (gone.length > 0)
        run.logger.warn('grants left the configuration: what they gave goes', { grants, of: gone.length });
    },
    async append(events, planHash) {
      if (events.length === 0) return;
      const lines = events.map((event): JournalLine => ({ at: clock.now(), actor, planHash, ...event }));
      await store.append(lines);
      own.push(...lines);
      foldInto(state, lines);
    },
    async refresh() {
      const before = own.length;
      const fresh = await store.state();
      // what was appended meanwhile may be in it or not: the same line twice says no more than once
      state = thawed(foldLines(fresh, own.slice(before)));
    },
    async decided() {
      for (;;) {
        const page = await store.lines({ after: seen, limit: PAGE });
        for (const { seq, line } of page) {
          seen = seq;
          if ('grant' in line && !isKnownDecision(state, line)) decided.add(line.grant);
        }
        if (page.length < PAGE) return decided;
      }
    },
  };
}

/** The run itself journals what the configuration declares. */
function isKnownDecision({ grants }: GrantsState, line: Extract<JournalLine, { grant: string }>): boolean {
  const record = grants.get(line.grant);
  if (line.event === 'declared') return record?.declarationSha === line.declarationSha && !record.isWithdrawn;
  return line.event === 'withdrawn' && record?.isWithdrawn === true;
}

type Thawed = { grants: Map<string, GrantRecord>; entries: Map<string, EntryRecord> };

function thawed({ grants, entries }: GrantsState): Thawed {
  return { grants: new Map(grants), entries: new Map(entries) };
}

/** Only what the lines touch is looked at: there may be thousands of entries, and each has some lines. */
function foldInto(state: Thawed, lines: readonly JournalLine[]): void {
  const keys = lines.flatMap((line) => ('key' in line ? [entryKey(line.target, line.key)] : []));
  const touched = keys.flatMap((key): [string, EntryRecord][] => {
    const record = state.entries.get(key);
    return record === undefined ? [] : [[key, record]];
  });
  const { entries } = foldLines({ grants: new Map(), entries: new Map(touched) }, lines);
  for (const [key, record] of entries) state.entries.set(key, record);
}
