// The summary of the journal: what its lines up to one add up to, and in which commits each grant stands. It is made of the journal alone
// and only saves reading it: whatever of it is missing or made by another version is read from the journal itself.
import { randomUUID } from 'node:crypto';
import { emptyGrants, foldLines } from '../../../../shared/grants/fold-journal.ts';
import type { GrantsState } from '../../../../shared/grants/grants-state.ts';
import { grantsOf, type JournalLine } from '../../../../shared/grants/journal.ts';
import { stateOf, stateText } from '../../../../shared/grants/journal-json.ts';
import { n, number, s, text, type Item } from '../../dynamo/attributes.ts';
import { itemKey, keyOf } from '../../dynamo/key-parts.ts';
import type { TableAccess } from '../../dynamo/table-access.ts';
import { SUMMARY, grantGroup, numberKey, summaryKey } from '../keys.ts';
import type { Commits } from './commits.ts';
import { partItems, readParts } from './long-text.ts';

/** What is known up to a commit. */
export type Known = { to: number; state: GrantsState };

export type Summaries = {
  /** Up to where there is one; 0: nowhere. */
  to(): Promise<number>;
  load(): Promise<Known>;
  /** The commits up to there in which a grant stands, behind one of them, in order. */
  commitsOf(grant: string, after: number, to: number): Promise<number[]>;
  /** Makes a new one when the journal has grown by enough. @throws TransshipError store-unavailable */
  renew(commit: number): Promise<void>;
};

/** Changes whenever lines add up to something else than before: the summaries of other versions are not read. */
const VERSION = 1;
/** So many commits behind a summary are read by whoever opens the store; more behind a large one, or it would be written too often. */
const EVERY_COMMITS = 100;
const BYTES_PER_COMMIT = 2048;

export function summaries(table: TableAccess, commits: Commits): Summaries {
  async function newest(): Promise<Item | undefined> {
    const item = await table.get(summaryKey());
    return item !== undefined && number(item, 'version') === VERSION ? item : undefined;
  }

  async function load(): Promise<Known> {
    for (let item = await newest(), read = ''; item !== undefined; item = await newest()) {
      // nobody replaced it meanwhile, and it is not whole
      if (text(item, 'name') === read) break;
      read = text(item, 'name');
      const state = await readParts(table, SUMMARY, read, number(item, 'parts'));
      if (state !== undefined) return { to: number(item, 'to'), state: stateOf(state) };
    }
    return { to: 0, state: emptyGrants() };
  }

  /** Where the grants stand in some commits, as items that the next try writes again. */
  function indexItems(grants: ReadonlyMap<string, readonly number[]>, to: number): Item[] {
    return [...grants].map(([grant, numbers]) => ({
      ...itemKey(grantGroup(grant), numberKey(to)),
      commits: s(JSON.stringify(numbers)),
    }));
  }

  async function write({ to, state }: Known, grants: ReadonlyMap<string, readonly number[]>): Promise<void> {
    const name = `${numberKey(to)}#${randomUUID()}#`;
    const parts = await partItems(SUMMARY, name, stateText(state));
    await table.putAll([...indexItems(grants, to), ...parts]);
    const bytes = parts.reduce((sum, part) => sum + (part['bytes']?.B?.byteLength ?? 0), 0);
    const Item = {
      ...summaryKey(),
      name: s(name),
      parts: n(parts.length),
      to: n(to),
      bytes: n(bytes),
      version: n(VERSION),
    };
    const refused = await table.commit([{ Put: { TableName: table.name, Item, ...behind(to) } }]);
    if (refused === undefined) await removeBefore(numberKey(to));
    else await table.deleteAll(parts.map(keyOf));
  }

  /** Older summaries, also those whose writers did not come to an end. */
  async function removeBefore(name: string): Promise<void> {
    const old = await table.queryAll({
      KeyConditionExpression: 'pk = :summary AND sk < :name',
      ExpressionAttributeValues: { ':summary': s(SUMMARY), ':name': s(name) },
      ProjectionExpression: 'pk, sk',
      ConsistentRead: true,
    });
    await table.deleteAll(old);
  }

  return {
    async to() {
      return number((await newest()) ?? {}, 'to');
    },
    load,
    async commitsOf(grant, after, to) {
      const items = await table.queryAll({
        KeyConditionExpression: 'pk = :grant AND sk > :after',
        ExpressionAttributeValues: { ':grant': s(grantGroup(grant)), ':after': s(numberKey(after)) },
        ConsistentRead: true,
      });
      const numbers = items.flatMap((item): number[] => JSON.parse(text(item, 'commits')));
      return [...new Set(numbers)].filter((one) => one > after && one <= to).sort((one, other) => one - other);
    },
    async renew(commit) {
      // one of the processes that append sees such a number
      if (commit % EVERY_COMMITS !== 0) return;
      const before = (await newest()) ?? {};
      const enough = Math.max(EVERY_COMMITS, number(before, 'bytes') / BYTES_PER_COMMIT);
      if (commit - number(before, 'to') < enough) return;
      const known = await load();
      const lines: JournalLine[] = [];
      const grants = new Map<string, number[]>();
      let { to } = known;
      for await (const one of commits.after(to)) {
        to = one.number;
        for (const line of one.lines) lines.push(line);
        for (const grant of new Set(one.lines.flatMap(grantsOf))) grants.set(grant, [...(grants.get(grant) ?? []), to]);
      }
      await write({ to, state: foldLines(known.state, lines) }, grants);
    },
  };
}

/** There is none that goes as far. */
function behind(to: number) {
  return {
    ConditionExpression: 'attribute_not_exists(pk) OR #to < :to OR #version <> :version',
    ExpressionAttributeNames: { '#to': 'to', '#version': 'version' },
    ExpressionAttributeValues: { ':to': n(to), ':version': n(VERSION) },
  };
}
