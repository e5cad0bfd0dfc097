// Adds lines to the journal, those of an append all or none. Appends that come while one is being written share the next commit: they would
// only take the number from each other.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransshipError } from '../../../../shared/errors.ts';
import type { JournalLine } from '../../../../shared/grants/journal.ts';
import { s, text } from '../../dynamo/attributes.ts';
import { ABSENT } from '../../dynamo/conditions.ts';
import type { TableAccess } from '../../dynamo/table-access.ts';
import { commitKey } from '../keys.ts';
import type { Commits } from './commits.ts';
import type { LargeAppend, LargeAppends } from './large-appends.ts';

type Append = { lines: readonly string[]; bytes: number; settle: () => void; fail: (error: unknown) => void };

/** More is written in parts before the commit that names them. */
const MAX_INLINE_BYTES = 200 * 1024;
const MAX_TRIES = 50;
const WAIT_MS = 20;

/** @param onCommit is waited for after each commit, with its number; it must not fail */
export function appendLines(
  table: TableAccess,
  commits: Pick<Commits, 'last'>,
  large: LargeAppends,
  random: () => number,
  onCommit: (number: number) => Promise<void>,
): (lines: readonly JournalLine[]) => Promise<void> {
  const waiting: Append[] = [];
  let isWriting = false;
  let last: number | undefined;

  /** As many as fit into an item; a larger one goes alone. */
  function nextAppends(): Append[] {
    let bytes = 0;
    const fitting = waiting.findIndex((one) => (bytes += one.bytes) > MAX_INLINE_BYTES);
    return waiting.splice(0, fitting === -1 ? waiting.length : Math.max(1, fitting));
  }

  async function writeWaiting(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    for (let some = nextAppends(); some.length > 0; some = nextAppends()) {
      try {
        await onCommit(await commit(some));
        for (const { settle } of some) settle();
      } catch (error) {
        for (const { fail } of some) fail(error);
      }
    }
    isWriting = false;
  }

  /** Gives the number. @throws TransshipError store-unavailable */
  async function commit(some: readonly Append[]): Promise<number> {
    const id = randomUUID();
    const { content, ending } = await contentOf(id, `[${some.flatMap(({ lines }) => lines).join()}]`);
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const number = (last ?? (await commits.last())) + 1;
      const put = { Put: { TableName: table.name, Item: { ...commitKey(number), id: s(id), ...content }, ...ABSENT } };
      last = undefined;
      const refused = await table.commit(ending === undefined ? [put] : [put, ending]);
      // what is there is this one: it was written, and the answer lost
      if (refused === undefined || text(refused.get(put) ?? {}, 'id') === id) {
        last = number;
        return number;
      }
      if (ending !== undefined && refused.has(ending)) {
        await large.remove(id);
        throw unavailable('an append to the journal of grants took so long that it was given up');
      }
      await sleep(random() * WAIT_MS * Math.min(tries, 10));
    }
    throw unavailable('the journal of grants is written by others all the time');
  }

  async function contentOf(id: string, lines: string): Promise<Partial<LargeAppend> & Pick<LargeAppend, 'content'>> {
    return Buffer.byteLength(lines) <= MAX_INLINE_BYTES ? { content: { lines: s(lines) } } : large.begin(id, lines);
  }

  return async (lines) => {
    if (lines.length === 0) return;
    const texts = lines.map(lineText);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const bytes = texts.reduce((sum, one) => sum + Buffer.byteLength(one) + 1, 2);
    waiting.push({ lines: texts, bytes, settle: resolve, fail: reject });
    void writeWaiting();
    return promise;
  };
}

function unavailable(message: string): TransshipError {
  return new TransshipError('store-unavailable', message, { retryable: true });
}

function lineText(line: JournalLine): string {
  if (Number.isNaN(line.at.getTime()))
    throw new TransshipError('internal', `a line of the journal has no time: ${line.event}`);
  return JSON.stringify(line);
}
