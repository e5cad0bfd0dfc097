// The store of grants on DynamoDB: a journal that is only added to, and who holds which target. What is known is what the lines add up to;
// a process reads a summary of them once and then only what is new.
import { foldLines } from '../../../shared/grants/fold-journal.ts';
import type { GrantStore, StoredLine } from '../../../shared/grants/grant-store.ts';
import { grantsOf, type JournalLine } from '../../../shared/grants/journal.ts';
import { systemClock, type Clock } from '../../../shared/jobs/clock.ts';
import { appendLines } from './grant-journal/append-lines.ts';
import { commitBefore, commits, numbered, sequenceOf, type Commit } from './grant-journal/commits.ts';
import { largeAppends } from './grant-journal/large-appends.ts';
import { holds } from './grant-journal/holds.ts';
import { summaries, type Known } from './grant-journal/summaries.ts';
import { recordTable, type RecordTableOptions } from './record-table.ts';

export type AwsGrantStoreOptions = RecordTableOptions & {
  clock?: Clock;
  /** Hears why the summary could not be renewed or the journal not be tidied: nothing is lost, and it is tried again. */
  onSummaryFailed?: (error: unknown) => void;
};

/** How often it is looked whether an append was left unfinished. */
const TIDY_EVERY_COMMITS = 10;
/** Of the lines of a grant so many commits are read at once. */
const GRANT_PAGE = 25;

export function awsGrantStore(options: AwsGrantStoreOptions): GrantStore {
  const { clock = systemClock, random = Math.random, onSummaryFailed } = options;
  const table = recordTable(options);
  const journal = commits(table);
  const summary = summaries(table, journal);
  const large = largeAppends(table, clock);
  let known: Known | undefined;

  async function tidy(commit: number): Promise<void> {
    try {
      await summary.renew(commit);
      if (commit % TIDY_EVERY_COMMITS === 0) await large.removeOld();
    } catch (error) {
      onSummaryFailed?.(error);
    }
  }

  async function* commitsOf(grant: string, after: number): AsyncGenerator<Commit> {
    const to = await summary.to();
    const numbers = await summary.commitsOf(grant, after, to);
    for (let from = 0; from < numbers.length; from += GRANT_PAGE) {
      yield* await journal.all(numbers.slice(from, from + GRANT_PAGE));
    }
    yield* journal.after(Math.max(after, to));
  }

  return {
    append: appendLines(table, journal, large, random, tidy),
    async state() {
      let { to, state } = known ?? (await summary.load());
      const lines: JournalLine[] = [];
      for await (const commit of journal.after(to)) {
        to = commit.number;
        for (const line of commit.lines) lines.push(line);
      }
      if (lines.length > 0) state = foldLines(state, lines);
      if (known === undefined || known.to < to) known = { to, state };
      return state;
    },
    async lines({ after = 0, grant, limit }) {
      const found: StoredLine[] = [];
      const from = commitBefore(after);
      for await (const commit of grant === undefined ? journal.after(from, limit) : commitsOf(grant, from)) {
        for (const stored of numbered(commit)) {
          const isWanted = grant === undefined || grantsOf(stored.line).includes(grant);
          if (stored.seq > after && isWanted) found.push(stored);
          if (found.length === limit) return found;
        }
      }
      return found;
    },
    async last() {
      return sequenceOf(await journal.last());
    },
    ...holds(table, clock),
  };
}
