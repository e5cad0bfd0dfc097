// The journal as a chain of commits: each holds the lines of one or more appends and has the number behind the last one's. A number is
// given once, by the condition that nothing has it, and only by whoever saw the one before it: so no commit ever appears before another
// that is there already, and nobody who reads on from where he was misses a line.
//
//   lines of commit 7, three of them: 6999998, 6999999, 7000000
import { TransshipError } from '../../../../shared/errors.ts';
import type { StoredLine } from '../../../../shared/grants/grant-store.ts';
import type { JournalLine } from '../../../../shared/grants/journal.ts';
import { linesOf } from '../../../../shared/grants/journal-json.ts';
import { number, s, text, type Item } from '../../dynamo/attributes.ts';
import { allOf } from '../../dynamo/lanes.ts';
import type { TableAccess } from '../../dynamo/table-access.ts';
import { JOURNAL, commitKey, linesGroup, numberKey } from '../keys.ts';
import { readParts } from './long-text.ts';

export type Commit = { number: number; lines: readonly JournalLine[] };

export type Commits = {
  /** The number of the last one; 0 where there is none. */
  last(): Promise<number>;
  /** Those behind one, in order. @param page how many are read at once; absent: as many as an answer holds */
  after(number: number, page?: number): AsyncGenerator<Commit>;
  /** Those with these numbers, in order. */
  all(numbers: readonly number[]): Promise<Commit[]>;
};

/** The beginning of the names of parts of lines. */
export const LINES_PART = '#';
/** More lines than a commit ever has. */
const LINES = 1_000_000;

export function commits(table: TableAccess): Commits {
  async function commitOf(item: Item): Promise<Commit> {
    return { number: numberOf(item), lines: linesOf(item['lines']?.S ?? (await longLines(item))) };
  }

  /** @throws TransshipError store-unavailable */
  async function longLines(item: Item): Promise<string> {
    const found = await readParts(table, linesGroup(text(item, 'id')), LINES_PART, number(item, 'parts'));
    if (found !== undefined) return found;
    throw new TransshipError('store-unavailable', `lines of the journal of grants are missing: ${numberOf(item)}`);
  }

  return {
    async last() {
      const { items } = await table.query({
        KeyConditionExpression: 'pk = :journal',
        ExpressionAttributeValues: { ':journal': s(JOURNAL) },
        ScanIndexForward: false,
        Limit: 1,
        ConsistentRead: true,
      });
      return items[0] === undefined ? 0 : numberOf(items[0]);
    },
    async *after(number, page) {
      const found = allOf(table, {
        KeyConditionExpression: 'pk = :journal AND sk > :number',
        ExpressionAttributeValues: { ':journal': s(JOURNAL), ':number': s(numberKey(number)) },
        ConsistentRead: true,
        ...(page === undefined ? {} : { Limit: page }),
      });
      for await (const item of found) yield commitOf(item);
    },
    async all(numbers) {
      const found = await table.getAll(numbers.map(commitKey));
      return Promise.all(found.sort((one, other) => numberOf(one) - numberOf(other)).map(commitOf));
    },
  };
}

/** The lines with their sequence numbers: the last one's says which commit it is. */
export function numbered({ number, lines }: Commit): StoredLine[] {
  return lines.map((line, index) => ({ seq: sequenceOf(number) - (lines.length - 1 - index), line }));
}

/** Of the last line of a commit. */
export function sequenceOf(commit: number): number {
  return commit * LINES;
}

/** The last commit of which no line is behind a sequence number. */
export function commitBefore(sequence: number): number {
  return Math.floor(sequence / LINES);
}

function numberOf(item: Item): number {
  return Number(text(item, 'sk'));
}
